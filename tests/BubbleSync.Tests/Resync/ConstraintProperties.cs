using System.Globalization;
using BubbleSync.Etl.Reports;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Random changes against rules of the table: whatever is refused is refused rightly, and everything else is there.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ConstraintProperties(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Agents = 7;
    private const string Rules = "alter table agent add unique (email), alter slug set not null, add unique (slug), add check (commission >= 0)";

    private static readonly Gen<Agent?> One =
        from isThere in Gen.Choose(0, 7)
        from email in Gen.Choose(0, Agents)
        from slug in Gen.Choose(1, Agents + 1)
        from commission in Gen.Choose(-1, 6)
        select isThere == 0 ? null : new Agent(email == 0 ? null : $"e{email}", $"s{slug}", commission);

    private static readonly Gen<Agent?[]> All = One.ArrayOf(Agents);

    [Fact]
    public void Records_load_unless_a_rule_or_another_row_forbids_it() => Check.One(
        FsCheck.Config.QuickThrowOnFailure.WithMaxTest(8),
        Prop.ForAll(All.ListOf(3).ToArbitrary(), states => HoldsAsync([.. states])));

    /// <summary>Record 3 fits once record 4 has given its slug up, which was refused in an earlier round itself.</summary>
    [Fact]
    public Task Each_record_that_fits_after_all_makes_room_for_another() => HoldsAsync(
    [
        [new("e2", "s7", -1), new("e5", "s5", -1), new("e7", "s6", 4), new("e7", "s3", 1), new("e4", "s3", 4), new("e4", "s8", 5), new("e3", "s2", 6)],
        [new("e1", "s6", 3), new("e7", "s1", 0), new("e6", "s1", 4), null, new("e1", "s5", 6), new("e4", "s4", 0), new("e6", "s8", -1)],
        [null, new(null, "s4", -1), null, new(null, "s5", 4), new("e4", "s8", 6), new("e2", "s3", 1), new("e4", "s7", 3)],
    ]);

    /// <summary>The last record of the chain cannot take its value, so that none before it can.</summary>
    [Fact]
    public async Task A_long_chain_of_values_stops_nobody_else()
    {
        const int Links = 25;
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add unique (name)");
        foreach (var number in Enumerable.Range(1, Links))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Name\": \"n{number}\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"insert into agent (bubble_id, name) values ('local', 'n{Links + 1}')");
        foreach (var number in Enumerable.Range(1, Links))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, $"\"Name\": \"n{number + 1}\""));
        fixture.Put("agent", SyncFixture.Record(99, SyncFixture.Late, "\"Name\": \"other\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, (long)Links), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
    }

    private async Task HoldsAsync(IReadOnlyList<Agent?[]> states)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync(Rules);
        var sent = new Agent?[Agents];
        foreach (var (day, state) in states.Index())
        {
            var before = await RowsAsync(fixture);
            for (var number = 0; number < Agents; number++)
            {
                sent[number] = state[number] ?? sent[number];
                if (state[number] is { } agent)
                    fixture.Put("agent", SyncFixture.Record(number, $"2026-03-{day + 10}T00:00:00.000Z", agent.Fields));
            }

            var report = await fixture.ResyncAsync("agent");

            var counts = report.Entities[0];
            var after = await RowsAsync(fixture);
            var refused = (await fixture.RowsAsync($"select distinct bubble_id from bubblesync.rejected_record where run_id = '{report.RunId}'")).ToHashSet();
            Assert.Equal(counts.Rejected == 0 ? RunStatus.Succeeded : RunStatus.Partial, report.Status);
            Assert.Equal(refused.Count, counts.Rejected);
            Assert.Equal(counts.Extracted, counts.Inserted + counts.Updated + counts.Unchanged + counts.Conflicts + counts.Rejected);
            for (var number = 0; number < Agents; number++)
            {
                var id = SyncFixture.Id(number);
                Assert.Equal(refused.Contains(id) ? before.GetValueOrDefault(id) : sent[number], after.GetValueOrDefault(id));
                if (refused.Contains(id) && sent[number] is { Commission: >= 0 } agent)
                    Assert.True(after.Any(row => row.Key != id && row.Value.Excludes(agent)), $"{id} was refused without need");
            }
        }
    }

    private static async Task<Dictionary<string, Agent>> RowsAsync(SyncFixture fixture) =>
        (await fixture.RowsAsync("select bubble_id, email, slug, commission from agent")).Select(row => row.Split('|'))
            .ToDictionary(row => row[0], row => new Agent(row[1] == "~" ? null : row[1], row[2], int.Parse(row[3], CultureInfo.InvariantCulture)));

    private sealed record Agent(string? Email, string Slug, int Commission)
    {
        public string Fields => $"\"email\": {(Email is null ? "null" : $"\"{Email}\"")}, \"Slug\": \"{Slug}\", \"Commission\": {Commission}";

        public bool Excludes(Agent other) => Slug == other.Slug || (Email is not null && Email == other.Email);
    }
}
