using Xunit;

namespace BubbleSync.Tests.Transform;

public class BooleanTests
{
    [Theory]
    [InlineData("true")]
    [InlineData("1")]
    [InlineData("1.0")]
    [InlineData("10e-1")]
    [InlineData("\"true\"")]
    [InlineData("\"TRUE\"")]
    [InlineData("\"Yes\"")]
    [InlineData("\"y\"")]
    [InlineData("\"1\"")]
    [InlineData("\" yEs\\n\"")]
    [InlineData("\"\\u0079es\"")]
    public void Yes_has_many_names(string json)
    {
        Assert.Equal("true", Mapping.Of("boolean", "boolean").Convert(json));
    }

    [Theory]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("0e9")]
    [InlineData("\"False\"")]
    [InlineData("\"NO\"")]
    [InlineData("\"n\"")]
    [InlineData("\"0\"")]
    public void So_has_no(string json)
    {
        Assert.Equal("false", Mapping.Of("boolean", "boolean").Convert(json));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("0.5")]
    [InlineData("1e400")]
    [InlineData("\"on\"")]
    [InlineData("\"t\"")]
    [InlineData("\"1.0\"")]
    [InlineData("\"truе\"")]
    [InlineData("\"tr\\u0000ue\"")]
    [InlineData("[true]")]
    [InlineData("{}")]
    public void All_else_does_not_convert(string json)
    {
        Assert.Throws<RejectedException>(() => Mapping.Of("boolean", "boolean").Convert(json));
    }
}
