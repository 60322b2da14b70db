using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Preflight;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Schema;

/// <summary><c>schema apply</c> says in comments what each table and column is in Bubble.</summary>
public sealed class CommentTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Tables_and_columns_carry_what_their_maps_say()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        Assert.Equal("Bubble type 'invoice': one row for each record (bubblesync)", await CommentAsync(fixture, "invoice"));
        Assert.Equal(
            [
                "Bubble field '_id' (bubblesync)",
                "Bubble field '1st Payment %'. whole percent: 5 means 5 % (bubblesync)",
                "Bubble field 'Linked Customer'; names customer (bubblesync)",
                "Bubble field 'Linked Payment'; names payment or submitted_payment. a payment lives in submit_payment until verified, then in payment, "
                    + "under the same id (bubblesync)",
                "Bubble field 'Total Amount', else 'Amount'. practically never sent, so Amount stands in for it (bubblesync)",
                "When a sync last wrote the row (bubblesync)",
                "",
            ],
            new[]
            {
                await CommentAsync(fixture, "invoice", "bubble_id"), await CommentAsync(fixture, "invoice", "1st_payment"),
                await CommentAsync(fixture, "invoice", "linked_customer"), await CommentAsync(fixture, "invoice", "linked_payment"),
                await CommentAsync(fixture, "invoice", "total_amount"), await CommentAsync(fixture, "invoice", "last_synced_at"),
                await CommentAsync(fixture, "invoice", "customer_notes"),
            });
    }

    [Fact]
    public async Task Comments_of_others_stay_and_own_ones_follow_the_map()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        const string Added = "Added by the audit of the schema for Bubble's field 'Banker'";
        await fixture.ExecuteAsync($"comment on column agent.address is 'where they live'; comment on column agent.banker is {Identifier.Literal(Added)}");
        fixture.WithMap("agent", text => text
            .Replace("\"from\": \"Address\"", "\"from\": \"Address\", \"note\": \"it's\\nsecret \\\\ \", \"mask\": \"hash\"", StringComparison.Ordinal)
            .Replace("\"from\": \"Commission\"", "\"from\": \"Commission\", \"note\": \"it's\\nper \\\\ cent\"", StringComparison.Ordinal));

        var first = await fixture.Engine().ApplySchemaAsync(new SchemaOptions(), fixture.Limit);
        var second = await fixture.Engine().ApplySchemaAsync(new SchemaOptions(), fixture.Limit);

        Assert.Equal((2, 0), (first.Comments, second.Comments));
        Assert.Equal($"{Added}. Bubble field 'banker' (bubblesync)", await CommentAsync(fixture, "agent", "banker"));
        Assert.Equal("where they live", await CommentAsync(fixture, "agent", "address"));
        Assert.Equal(@"Bubble field 'Commission'. it's per \ cent (bubblesync)", await CommentAsync(fixture, "agent", "commission"));
    }

    [Fact]
    public async Task Who_does_not_own_a_table_is_told_and_not_stopped()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("comment on table agent is null");
        await fixture.AsUserAsync();

        var report = await fixture.Engine().ApplySchemaAsync(new SchemaOptions(), fixture.Limit);

        Assert.Equal((0, ""), (report.Comments, await CommentAsync(fixture, "agent")));
        Assert.Contains("belong to another role, which alone may do that: agent.", Assert.Single(report.Warnings), StringComparison.Ordinal);
    }

    private static async Task<string> CommentAsync(SyncFixture fixture, string table, string? column = null) => await fixture.ScalarAsync<string>(
        column is null
            ? $"select obj_description('\"{table}\"'::regclass)"
            : $"select col_description(attrelid, attnum) from pg_attribute where attrelid = '\"{table}\"'::regclass and attname = '{column}'") ?? "";
}
