# The shell of an Edge card on AMD UltraScale+: PCIe in AXI-bridge mode (PG194).
# NOT RUN ON HARDWARE, nor through Vivado by its authors; see ../README.md.
#
#   vivado -mode batch -source shell.tcl -tclargs PART OUT RTL SHELL_ID BUILD_ID [PINS.xdc]
#
#   BAR 0, 64 KiB  -> M_AXI -> AXI4-Lite -> registers of the card
#   event ring     -> S_AXI -> host memory, through the IOMMU
if {[llength $argv] < 5} {
  error "usage: shell.tcl PART OUT_FOLDER RTL_FOLDER SHELL_ID BUILD_ID \[PINS.xdc\]"
}
lassign $argv part out rtl shell_id build_id pins
foreach {name value} [list SHELL_ID $shell_id BUILD_ID $build_id] {
  if {![regexp {^[0-9a-fA-F]{8}$} $value]} { error "$name '$value': 8 hexadecimal digits are expected" }
}

# bridge: the card writes host memory itself. XDMA: AMD's driver moves a stream of records.
set mode AXI_Bridge

# How the host tells an Edge card from any other design on an AMD part; host/Edge.Appliance/Cards/Pcie/PcieDevice.cs.
set vendor_id 10EE
set device_id 903F
set subsystem_id ED6E
set bar_kilobytes 64

set tree [file normalize [file join [file dirname [info script]] .. .. ..]]
create_project -force edge_card $out -part $part

# The network's package comes first: every other file names it.
read_verilog -sv [file join $rtl network_config.sv]
foreach folder [list [file join $tree rtl common] [file join $tree rtl ingress] [file join $tree rtl network] [file join $tree rtl trigger] [file join $tree rtl card]] {
  set pending [list $folder]
  while {[llength $pending] > 0} {
    set here [lindex $pending 0]
    set pending [concat [lrange $pending 1 end] [glob -nocomplain -type d -directory $here *]]
    foreach file [glob -nocomplain -type f -directory $here *.sv] { read_verilog -sv $file }
  }
}
foreach file [glob -nocomplain -directory $rtl network.sv network_core.sv] { read_verilog -sv $file }

create_ip -name xdma -vendor xilinx.com -library ip -module_name pcie
set_property -dict [list \
  CONFIG.functional_mode $mode \
  CONFIG.mode_selection Advanced \
  CONFIG.pl_link_cap_max_link_width X8 \
  CONFIG.pl_link_cap_max_link_speed 8.0_GT/s \
  CONFIG.axi_data_width 128_bit \
  CONFIG.axisten_freq 250 \
  CONFIG.vendor_id $vendor_id \
  CONFIG.pf0_device_id $device_id \
  CONFIG.pf0_subsystem_vendor_id $vendor_id \
  CONFIG.pf0_subsystem_id $subsystem_id \
  CONFIG.pf0_bar0_scale Kilobytes \
  CONFIG.pf0_bar0_size $bar_kilobytes \
  CONFIG.pciebar2axibar_0 0x0000000000000000 \
  CONFIG.pf0_msi_enabled true \
] [get_ips pcie]
generate_target all [get_ips pcie]
synth_ip [get_ips pcie]

set top [file join [file dirname [info script]] card_board.sv]
if {![file exists $top]} {
  puts "There is no card_board.sv beside this script: the top that ties PCIe, clocks and the card to your board's pins. The card alone is synthesised."
  synth_design -top card -part $part -mode out_of_context -generic "BuildId=32'h$build_id"
  report_utilization -file [file join $out utilization.rpt]
  return
}
read_verilog -sv $top
synth_design -top card_board -part $part -generic "BuildId=32'h$build_id"
report_utilization -file [file join $out utilization.rpt]
if {$pins eq ""} {
  puts "No PINS.xdc: stopped after synthesis. Nothing is placed that could move a beam."
  return
}
read_xdc $pins
opt_design
place_design
route_design
report_timing_summary -file [file join $out timing.rpt]
if {[get_property SLACK [get_timing_paths -delay_type min_max]] < 0} {
  error "the clock is not reached; see timing.rpt. No bitstream was written."
}

# The checksum is what finds a flipped bit before loading; the shell id is what a partial bitstream must fit.
set_property BITSTREAM.GENERAL.CRC ENABLE [current_design]
set_property BITSTREAM.CONFIG.USR_ACCESS 0x$shell_id [current_design]
write_bitstream -force [file join $out card.bit]
