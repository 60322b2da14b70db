using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Bubble;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>What a search asks, as Bubble reads it from the address.</summary>
public sealed partial class BubbleQueryTests
{
    private static readonly DateTimeOffset Moment = new(2026, 3, 1, 0, 0, 0, TimeSpan.FromHours(8));

    [Theory]
    [InlineData("Created Date")]
    [InlineData("\"quoted\" & <tagged> \\ 100 %+1")]
    [InlineData("größe ✓ 中文 \U0001F600 \u0001")]
    public void Conditions_say_what_they_were_given(string text)
    {
        Constraint[] constraints =
        [
            Constraint.NotBefore(text, Moment), Constraint.Before(text, Moment), Constraint.Empty(text), Constraint.In(text, ["1x2", text]),
            Constraint.Contains(text, text),
        ];

        var asked = Asked(new BubbleQuery("Invoice Item", constraints, 200, 100)).EnumerateArray().ToList();

        Assert.All(asked, c => Assert.Equal(text, c.GetProperty("key").GetString()));
        Assert.Equal(["greater than", "less than", "is_empty", "in", "contains"], asked.Select(c => c.GetProperty("constraint_type").GetString()));
        Assert.Equal("2026-02-28T15:59:59.999Z", asked[0].GetProperty("value").GetString());
        Assert.Equal("2026-02-28T16:00:00.000Z", asked[1].GetProperty("value").GetString());
        Assert.False(asked[2].TryGetProperty("value", out _));
        Assert.Equal(["1x2", text], asked[3].GetProperty("value").EnumerateArray().Select(v => v.GetString()));
        Assert.Equal(text, asked[4].GetProperty("value").GetString());
    }

    [Fact]
    public void Without_conditions_none_are_sent() =>
        Assert.DoesNotContain("constraints", new BubbleQuery("invoice", [], 0, 1).Address(), StringComparison.Ordinal);

    private static JsonElement Asked(BubbleQuery query)
    {
        var address = query.Address();
        Assert.StartsWith("obj/invoiceitem?limit=100&cursor=200&", address, StringComparison.Ordinal);
        return JsonDocument.Parse(Uri.UnescapeDataString(Constraints().Match(address).Groups[1].Value)).RootElement;
    }

    [GeneratedRegex("&constraints=([^&]*)$")]
    private static partial Regex Constraints();
}
