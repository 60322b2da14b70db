using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Options that would have no effect together are refused, with a sentence that names both.</summary>
public sealed class OptionRuleTests
{
    [Theory]
    [InlineData(
        "resync --plan --force",
        "--plan reports what a resync of the entities reads and ends, so that --force has no effect. Leave --plan or --force out.")]
    [InlineData(
        "resync --plan --prune soft --notify http://a",
        "--plan reports what a resync of the entities reads and ends, so that --prune, --notify have no effect. Leave --plan or the others out.")]
    [InlineData(
        "resync --plan --limit 5",
        "--plan reports what a resync of the entities reads and ends, so that --limit has no effect. Leave --plan or --limit out.")]
    [InlineData(
        "resync --plan --backfill",
        "--plan reports what a resync of the entities reads and ends, so that --backfill has no effect. Leave --plan or --backfill out.")]
    [InlineData(
        "resync --limit 5 --prune report",
        "--limit reads only a part and prunes nothing, so that --prune has no effect. Leave --limit or --prune out.")]
    [InlineData(
        "resync --limit 5 --backfill",
        "--limit reads only a part and prunes nothing, so that --backfill has no effect. Leave --limit or --backfill out.")]
    [InlineData(
        "resync --backfill --force",
        "--backfill fills columns that are NULL and writes nothing else, so that --force has no effect. Leave --backfill or --force out.")]
    [InlineData(
        "resync --dry-run --create",
        "--dry-run changes nothing, so that --create has no effect. Leave --dry-run or --create out.")]
    [InlineData(
        "resync --prune none --prune-limit 20%",
        "--prune none compares nothing, so that --prune-limit has no effect. Leave --prune or --prune-limit out.")]
    [InlineData(
        "watch --every 1m --prune none --prune-limit 20",
        "--prune none compares nothing, so that --prune-limit has no effect. Leave --prune or --prune-limit out.")]
    [InlineData(
        "audit fields --shapes",
        "--shapes is about the CSV file. Name the file with --csv FILE, or leave --shapes out.")]
    [InlineData(
        "audit values --formulas --output json",
        "--formulas is about CSV, but --output json writes the rows as JSON. Name a file with --csv FILE, or leave --formulas out.")]
    [InlineData(
        "report --utc",
        "--utc is about the times in a file. Name the file with --html FILE or --xlsx FILE, or leave --utc out.")]
    [InlineData(
        "status --offline --concurrency 2",
        "--offline sends no request to Bubble, so that --concurrency has no effect. Leave --offline or --concurrency out.")]
    [InlineData(
        "status --offline reset agent --to 2026-05-01",
        "--offline is an option of 'bubblesync status', and has no effect on 'bubblesync status reset'. Leave it out.")]
    [InlineData(
        "demo --connection x",
        "The demo uses its own app and database, so that --connection has no effect. Leave it out, or run a resync with it.")]
    [InlineData(
        "database psql --demo --schema x",
        "--demo means the database that 'demo' filled, so that --schema has no effect. Leave --demo or --schema out.")]
    [InlineData(
        "completion bash --output json",
        "A script for a shell is no JSON. Leave --output json out.")]
    [InlineData(
        "scaffold --all --type x",
        "--all takes every type that has no map, so that --type has no effect. Leave --all or --type out.")]
    public void An_option_without_effect_is_refused(string line, string fault)
    {
        var faults = TypedLine.Faults(line);

        Assert.StartsWith($"{fault} Try: bubblesync ", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resync --plan --entity agent --output json")]
    [InlineData("resync --limit 5 --prune none --create")]
    [InlineData("resync --prune-limit 20")]
    [InlineData("sync incremental --prune soft --prune-limit 2.5%")]
    [InlineData("resync --resume --accept-source --max-calls 5")]
    [InlineData("audit values --formulas")]
    [InlineData("status --max-age 5 --offline --entity agent")]
    [InlineData("demo --schema x --csv a.csv --excel")]
    public void Options_that_work_together_are_taken(string line) => Assert.Empty(TypedLine.Faults(line));
}
