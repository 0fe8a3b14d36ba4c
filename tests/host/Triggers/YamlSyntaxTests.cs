using Edge.Appliance.Triggers.RunFiles;
using Edge.Networks;

namespace Edge.Tests.Triggers;

public sealed class YamlSyntaxTests
{
    [Theory]
    [InlineData("a: [1, 2\nb: }")]
    [InlineData("a: {b: 1]")]
    [InlineData("a: 'open")]
    [InlineData("a: 1\na: 2")]
    [InlineData("- a list")]
    [InlineData("a: *nobody")]
    [InlineData("")]
    public void Text_ThatIsNoMapping_IsRefusedWithTheFilesName(string text)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            Assert.StartsWith(path, Assert.Throws<InvalidInputException>(() => YamlFile.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
