using System.Diagnostics;
using Edge.Compiler.Fabric;
using Edge.Networks;
using Edge.Networks.Arrays;
using Edge.Networks.Graph;
using Edge.Networks.Onnx;
using Edge.Networks.Onnx.Format;
using Google.Protobuf;
using Xunit.Abstractions;

namespace Edge.Tests.Networks;

/// <summary>Golden models and random graphs with something broken in them: each is read and lowered, or refused in words,
/// in bounded time and memory.</summary>
public sealed class HostileModelTests(ITestOutputHelper output) : IDisposable
{
    private static readonly long[] Sizes = [-1, 0, 1, 2, 3, 7, 1 << 20, int.MaxValue, long.MaxValue, long.MinValue];

    private static readonly double[] Reals = [0, -0.0, 1, -1, 0.5, 1e-45, 1e-30, 1e30, 3.4e38, double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    /// <summary>What reading, lowering and compiling a small model may allocate in all.</summary>
    private const long MostAllocated = 1L << 31;

    private readonly string folder = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ADamagedGraph_IsReadOrRefused_NeverMore()
    {
        Random random = RandomTest.Create(output);
        string[] models = Directory.GetFiles(Repository.Path("tests", "golden", "models"), "*.onnx", SearchOption.AllDirectories);
        int trials = int.TryParse(Environment.GetEnvironmentVariable("EDGE_TRIALS"), System.Globalization.CultureInfo.InvariantCulture, out int asked) ? asked : 600;
        int refused = 0;
        for (int k = 0; k < trials; k++)
        {
            bool golden = random.Next(2) == 0;
            string source = golden ? random.Pick(models) : "random graph";
            ModelProto model = ModelProto.Parser.ParseFrom(golden ? File.ReadAllBytes(source) : new RandomGraph(random).Model.ToBytes());
            int changes = random.Next(1, 4);
            for (int change = 0; change < changes; change++)
            {
                Damage(model, random);
            }

            string path = Path.Combine(folder, "model.onnx");
            File.WriteAllBytes(path, DamagedBytes(model.ToByteArray(), random));
            var clock = Stopwatch.StartNew();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Load(path, random);
            }
            catch (InvalidInputException error)
            {
                refused++;
                Assert.Matches("model.onnx|^model: ", error.Message); // the file, or the network by its name where hardware cannot have it
            }
            catch (Exception error)
            {
                string kept = Path.Combine(Path.GetTempPath(), "edge-hostile.onnx");
                File.Copy(path, kept, overwrite: true);
                throw new InvalidOperationException($"{Path.GetFileName(source)} damaged (trial {k}, kept as {kept}): {error.Message}", error);
            }

            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{Path.GetFileName(source)}, trial {k}: {clock.Elapsed}");
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < MostAllocated, $"{Path.GetFileName(source)}, trial {k}: {allocated} bytes allocated");
        }

        output.WriteLine($"{refused} of {trials} refused");
        Assert.InRange(refused, trials / 10, trials);
    }

    private static void Load(string path, Random random)
    {
        Network network = OnnxImporter.Import(OnnxModelFile.Read(path));
        if (network.InputLength > 4096)
        {
            return;
        }

        var rows = new NpyArray([4, network.InputLength], [.. Enumerable.Range(0, 4 * network.InputLength).Select(_ => (double)(float)(random.NextDouble() - 0.5))], "<f4");
        QuantizedModel quantized = QuantizedModel.Load(path, calibration: rows);
        OnnxExporter.Write(quantized.Integers, network.InputName, network.OutputName);
        if (quantized.Integers.Tensors.Max(tensor => tensor.Length) <= 64)
        {
            FabricNetwork.Compile(quantized.Integers, FabricNetwork.DefaultLevelsPerStage).AllFiles();
        }
    }

    /// <summary>One file in eight is also cut, or has a byte changed.</summary>
    private static byte[] DamagedBytes(byte[] bytes, Random random)
    {
        switch (random.Next(16))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1 when bytes.Length > 0:
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
                return bytes;
            default:
                return bytes;
        }
    }

    private static void Damage(ModelProto model, Random random)
    {
        GraphProto graph = model.Graph;
        NodeProto? node = graph.Node.Count > 0 ? graph.Node[random.Next(graph.Node.Count)] : null;
        TensorProto? tensor = graph.Initializer.Count > 0 ? graph.Initializer[random.Next(graph.Initializer.Count)] : null;
        string[] names = [.. graph.Initializer.Select(item => item.Name), .. graph.Node.SelectMany(item => item.Output), .. graph.Input.Select(item => item.Name), string.Empty, "nothing"];
        switch (random.Next(19))
        {
            case 0 when node is not null:
                graph.Node.Remove(node);
                break;
            case 1 when tensor is not null:
                graph.Initializer.Remove(tensor);
                break;
            case 2 when node is { Input.Count: > 0 }:
                node.Input[random.Next(node.Input.Count)] = random.Pick(names);
                break;
            case 3 when node is { Output.Count: > 0 }:
                node.Output[0] = random.Pick(names);
                break;
            case 4 when node is { Input.Count: > 0 }:
                node.Input.RemoveAt(random.Next(node.Input.Count));
                break;
            case 5 when node is not null:
                node.Input.Add(random.Pick(names));
                break;
            case 6 when node is not null:
                node.OpType = random.Pick(graph.Node.Select(item => item.OpType).Append("Loop").Append(string.Empty).ToArray());
                break;
            case 7 when tensor is { Dims.Count: > 0 }:
                tensor.Dims[random.Next(tensor.Dims.Count)] = random.Pick(Sizes);
                break;
            case 8 when tensor is not null:
                tensor.Dims.Insert(random.Next(tensor.Dims.Count + 1), random.Pick(1L, 1, 2, 0));
                break;
            case 9 when tensor is { Dims.Count: > 1 }:
                (tensor.Dims[0], tensor.Dims[1]) = (tensor.Dims[1], tensor.Dims[0]);
                break;
            case 10 when tensor is not null:
                tensor.DataType = random.Pick(0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 16, 17, 21, 99);
                break;
            case 11 or 12 when tensor is { RawData.Length: >= 4, DataType: 1 }:
                byte[] data = tensor.RawData.ToByteArray();
                BitConverter.TryWriteBytes(data.AsSpan(4 * random.Next(data.Length / 4)), (float)random.Pick(Reals));
                tensor.RawData = ByteString.CopyFrom(data);
                break;
            case 13 when node is { Attribute.Count: > 0 }:
                AttributeProto attribute = node.Attribute[random.Next(node.Attribute.Count)];
                attribute.I = random.Pick(Sizes);
                attribute.F = (float)random.Pick(Reals);
                attribute.Type = random.Pick(attribute.Type, attribute.Type, attribute.Type, 1, 2, 7);
                if (attribute.Ints.Count > 0)
                {
                    attribute.Ints[random.Next(attribute.Ints.Count)] = random.Pick(Sizes);
                }

                break;
            case 14 when node is not null:
                string name = random.Pick("axis", "transA", "transB", "alpha", "keepdims", "signed", "narrow", "rounding_mode", "perm", "to", "broadcast", "shape", "axes", "training_mode", "block_size",
                    "strides", "pads", "dilations", "kernel_shape", "group", "ceil_mode", "count_include_pad", "output_padding", "output_shape", "blocksize", "split", "num_outputs", "out_scale");
                node.Attribute.Add(new AttributeProto { Name = name, I = random.Pick(Sizes), F = (float)random.Pick(Reals), Ints = { random.Pick(Sizes) }, Type = random.Pick(1, 2, 3, 7) });
                break;
            case 15 when graph.Input[0].Type?.TensorType?.Shape is { Dim.Count: > 0 } shape:
                shape.Dim[random.Next(shape.Dim.Count)] = random.Next(3) == 0 ? new() { DimParam = "n" } : new() { DimValue = random.Pick(Sizes) };
                break;
            case 16:
                graph.Input[0].Type = random.Next(2) == 0 ? null : new() { TensorType = new() { ElemType = random.Pick(0, 2, 3, 8, 9, 99) } };
                break;
            case 17 when node is not null:
                graph.Node.Add(node.Clone());
                break;
            default:
                model.OpsetImport.Clear();
                model.OpsetImport.Add(new OperatorSetIdProto { Version = random.Pick(Sizes) });
                break;
        }
    }
}
