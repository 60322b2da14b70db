using BubbleSync.Benchmarks.EndToEnd;
using Xunit;

namespace BubbleSync.Tests.Benchmarks;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class EndToEndOptionsTests
{
    [Fact]
    public void Without_options_everything_is_measured()
    {
        var options = EndToEndOptions.Parse(["--program", "p"]);

        Assert.Equal([10_000, 100_000, 500_000], options.Sizes);
        Assert.Equal((3, 3, 100_000, true), (options.Rounds, options.Only.Count, options.ThrottledSize, options.Runs(Way.Floor)));
        Assert.Null(options.Limit);
    }

    [Fact]
    public void Options_narrow_it()
    {
        var options = EndToEndOptions.Parse([
            "--sizes", "2000,9000", "--rounds", "5", "--only", "first,changed", "--skip", "rows,floor", "--limit", "1000", "--output", "json", "--program", "p",
        ]);

        Assert.Equal([2000, 9000], options.Sizes);
        Assert.Equal([Situation.First, Situation.Changed], options.Only);
        Assert.Equal((5, true, false, 9000), (options.Rounds, options.IsJson, options.Runs(Way.Rows), options.ThrottledSize));
        Assert.Equal(1000, options.Limit);
    }

    [Theory]
    [InlineData("--size", "1")]
    [InlineData("--sizes", "many")]
    [InlineData("--rounds", "0")]
    [InlineData("--skip", "bubblesync")]
    [InlineData("--only", "later")]
    [InlineData("--only", "7")]
    [InlineData("--only", "")]
    [InlineData("--output", "xml")]
    [InlineData("--limit", "0")]
    [InlineData("--rounds")]
    public void What_is_not_known_is_refused(params string[] words) =>
        Assert.Throws<ArgumentException>(() => EndToEndOptions.Parse(["--program", "p", .. words]));

    [Theory]
    [InlineData("--bogus", "There is no '--bogus'.")]
    [InlineData("--rounds", "--rounds needs a value.")]
    public void What_is_wrong_with_the_last_word_is_said(string word, string saying) =>
        Assert.StartsWith(saying, Assert.Throws<ArgumentException>(() => EndToEndOptions.Parse(["--program", "p", word])).Message, StringComparison.Ordinal);
}
