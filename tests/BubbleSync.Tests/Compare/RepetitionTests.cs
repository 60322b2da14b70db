using System.Text.RegularExpressions;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>Two reports of the same data are the same to the letter, in whatever order pages come.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class RepetitionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("audit", "fields", "--shapes")]
    [InlineData("audit", "values")]
    [InlineData("audit", "links", "--ask")]
    [InlineData("verify")]
    public async Task A_second_report_is_the_first_one_but_for_the_id_of_its_run(params string[] words)
    {
        await using var fixture = await PlantedAsync();
        var (one, two) = (Path.Combine(fixture.Folder([]), "one.csv"), Path.Combine(fixture.Folder([]), "two.csv"));

        var first = await RunAsync(fixture, words, one);
        var second = await RunAsync(fixture, words, two);

        Assert.Equal(await File.ReadAllBytesAsync(one, fixture.Limit), await File.ReadAllBytesAsync(two, fixture.Limit));
        Assert.True(File.ReadLines(one).Skip(20).Any());
        Assert.Equal(RunId().Replace(first.Output, "*"), RunId().Replace(second.Output, "*"));
    }

    // Small windows and pages, ties that come in another order each time; of all verdicts some.
    private async Task<SyncFixture> PlantedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 80, Faults = ["unstable-ties", "bad-records=7"] });
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync("update invoice set amount = amount + 1 where amount::text like '%5'; delete from customer where right(customer_id, 1) in "
            + "('1', '2', '3'); update invoice_item set modified_date = modified_date - interval '1 day' where bubble_id like '%3'");
        return fixture;
    }

    private static Task<Outcome> RunAsync(SyncFixture fixture, string[] words, string csv) =>
        Bubblesync.RunAsync(fixture, [("Bubble__WindowSize", "50"), ("Bubble__PageSize", "7")], [.. words, "--csv", csv, "--output", "json"]);

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex RunId();
}
