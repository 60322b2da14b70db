using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>What a user may create: schemas, tables and columns.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class SchemaRightsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Schemas_that_an_administrator_made_suffice()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop schema bubblesync cascade; drop schema bubblesync_staging cascade");
        var role = await fixture.AsUserAsync();

        var message = await fixture.AssertStopsAsync(
            "control tables", "may not make schema bubblesync and schema bubblesync_staging", "or allow it: grant create on database");
        await fixture.ExecuteAsync($"create schema bubblesync; grant usage on schema bubblesync to {role}");
        await fixture.AssertStopsAsync("control tables", $"(create schema bubblesync_staging authorization \"{role}\";)");
        await fixture.ExecuteAsync("create schema bubblesync_staging");
        await fixture.FollowAsync(
            await fixture.AssertStopsAsync("control tables", $"grant create on schema bubblesync to \"{role}\";", "grant create on schema bubblesync_staging "
                + $"to \"{role}\";"), "grant create");

        await fixture.AssertSyncsAsync();

        Assert.StartsWith("create schema bubblesync authorization", message[(message.IndexOf('(', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_apply_without_rights_stops_in_the_words_of_doctor()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        await fixture.AsUserAsync("");

        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().ApplySchemaAsync(fixture.Limit));
        var checks = (await fixture.Engine().ExamineAsync(fixture.Limit)).Checks;
        foreach (var error in stopped.Errors)
            await fixture.FollowAsync(error.Message, "grant create");

        string[] expected = ["rights on schema public", "control tables"];
        Assert.Equal(expected.Select(
            name => checks.Single(c => c is { Status: CheckStatus.Failed } && c.Name == name).Message), stopped.Errors.Select(e => e.Message));
        Assert.Equal(8, (await fixture.Engine().ApplySchemaAsync(fixture.Limit)).Count);
    }

    [Fact]
    public async Task Schema_audit_that_is_to_apply_stops_in_the_words_of_doctor_before_it_asks_Bubble()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop table payment");
        await fixture.AsUserAsync();

        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().AuditSchemaAsync(new SchemaAuditOptions { Apply = true }, fixture.Limit));

        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
        Assert.Contains("the user lacks create on schema public. Grant it: grant create on schema", stopped.Message, StringComparison.Ordinal);
    }

    // Without the rights that runs need of the control tables.
    [Fact]
    public async Task Schema_apply_takes_no_right_where_nothing_is_missing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync("");
        await fixture.ExecuteAsync($"revoke insert, update, delete on all tables in schema bubblesync from {role}");

        Assert.Empty(await fixture.Engine().ApplySchemaAsync(fixture.Limit));
    }
}
