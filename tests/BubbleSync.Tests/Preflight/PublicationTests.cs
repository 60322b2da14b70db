using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Tables in publications: those without a replica identity stop a run before it reads.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PublicationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string NoKey = "alter table agent drop constraint agent_pkey";

    [Fact]
    public async Task A_database_that_publishes_all_tables_is_like_any_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        await fixture.ExecuteAsync("create publication everything for all tables");
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.AssertSyncsAsync();
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Commission\": \"much\", \"Linked User Login\": \"1769904000000x9\""));

        var rejected = await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late));
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        var pruned = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard, PruneLimitPercent = 100 });
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Equal((RunStatus.Partial, 1L), (rejected.Status, rejected.Entities[0].Rejected));
        Assert.Equal((RunStatus.Succeeded, 1L), (pruned.Status, pruned.Entities[0].Pruned));
        Assert.True(verified.Success);
    }

    [Fact]
    public async Task A_table_that_is_made_from_its_map_alone_can_be_published()
    {
        const string Map =
            """
            { "name": "part", "bubbleType": "part", "table": "part", "key": "bubble_id", "fields": [
              { "column": "bubble_id", "type": "text", "from": "_id" }, { "column": "name", "type": "text", "from": "Name" },
              { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" } ] }
            """;
        await using var fixture = (await SyncFixture.OpenAsync(postgres, tables: false)).WithMaps(("part.json", _ => Map));
        await fixture.ExecuteAsync("create publication everything for all tables");
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        foreach (var modified in new[] { SyncFixture.Early, SyncFixture.Late })
        {
            fixture.Put("part", SyncFixture.Record(1, modified, $"\"Name\": \"{modified}\""));
            Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("part")).Status);
        }

        Assert.Equal(SyncFixture.Late, await fixture.ScalarAsync<string>("select name from part"));
    }

    [Theory]
    [InlineData(NoKey, "for all tables", "\"public\".\"agent\" replica identity using index \"agent_bubble_id_key\";")]
    [InlineData(NoKey, "for tables in schema public", "replica identity using index \"agent_bubble_id_key\";")]
    [InlineData(NoKey, "for table agent", "replica identity using index \"agent_bubble_id_key\";")]
    [InlineData(NoKey + ", alter bubble_id drop not null", "for all tables", "replica identity full;")]
    [InlineData("alter table agent replica identity nothing", "for all tables", "replica identity using index \"agent_bubble_id_key\";")]
    public async Task A_published_table_without_replica_identity_stops_a_run(string sql, string what, string advice)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"{sql}; create publication shared {what}");

        var message = await fixture.AssertStopsAsync("replica identity of agent", "publication 'shared'", advice);
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task Each_partition_of_a_published_table_needs_a_replica_identity()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            $"""
            {NoKey}; alter table agent rename to old; alter index agent_bubble_id_key rename to old_key;
            create table public.agent (like old) partition by hash (bubble_id); create table public.agent_1 partition of public.agent for
              values with (modulus 2, remainder 0);
            create table public.agent_2 partition of public.agent for values with (modulus 2, remainder 1); create unique index on agent (bubble_id);
            create publication shared for table agent; drop table old; alter table agent alter id drop not null
            """);

        var message = await fixture.AssertStopsAsync("replica identity of agent", "\"agent_1\" replica identity using", "\"agent_2\" replica identity using");
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_publication_that_leaves_updates_out_is_no_obstacle()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"{NoKey}; create publication shared for all tables with (publish = 'insert')");

        await fixture.AssertSyncsAsync();
    }
}
