using System.Text;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>What patches and later runs complete is no difference, anything else is one: the same for <c>verify</c> and <c>audit values</c>.</summary>
public sealed class CompletedListTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Items = ["a", "b", "c"];

    [Theory]
    [InlineData("{1x1,1x2,1x1}", true)]
    [InlineData("{1x1,1x2,1x1,1x9}", true)]
    [InlineData("{1x1,1x9,1x2,1x1}", true)]
    [InlineData("{1x9,1x1,1x2,1x1}", false)]
    [InlineData("{1x2,1x1,1x1}", false)]
    [InlineData("{1x1,1x1,1x2}", false)]
    [InlineData("{1x1,1x2}", false)]
    [InlineData("{1x1,1x2,1x9}", false)]
    [InlineData("{}", false)]
    public async Task A_list_of_links_is_equal_where_Bubbles_items_stand_in_it_in_Bubbles_order_each_as_often(string stored, bool isEqual)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Linked Payment\": [\"1x1\", \"1x2\", \"1x1\"]"));
        await fixture.ResyncAsync("invoice");
        await fixture.ExecuteAsync($"update invoice set linked_payment = '{stored}'");

        var verified = await VerifyAsync(fixture, "invoice");
        var audited = await AuditAsync(fixture, "invoice");

        Assert.Equal(isEqual ? [] : ["Linked Payment"], verified.Differences.Select(d => d.BubbleField));
        Assert.Equal(isEqual ? [] : ["linked_payment"], audited.Select(line => line.Split(',')[3]));
    }

    [Theory]
    [InlineData("{a,b,c}")]
    [InlineData("{b,a}")]
    public async Task A_list_that_no_patch_completes_has_to_be_the_same(string stored)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("seda_registration", SyncFixture.Record(1, SyncFixture.Early, "\"Site Images\": [\"a\", \"b\"]"));
        await fixture.ResyncAsync("seda_registration");
        await fixture.ExecuteAsync($"update seda_registration set site_images = '{stored}'");

        var verified = await VerifyAsync(fixture, "seda_registration");
        var audited = await AuditAsync(fixture, "seda_registration");

        Assert.Equal(["site_images"], verified.Differences.Select(d => d.Column));
        Assert.Equal(["site_images"], audited.Select(line => line.Split(',')[3]));
    }

    [Fact]
    public async Task A_list_is_completed_where_a_plain_search_says_so_too()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var lists = Enumerable.Range(0, 5).SelectMany(Lists).ToList();
        var pairs = lists.SelectMany(stored => lists.Select(sent => (Stored: stored, Sent: sent))).ToList();

        var answers = await fixture.RowsAsync(
            $"""
            select bubblesync.is_completed(p.stored::text[], p.sent::text[])
            from (values {string.Join(", ", pairs.Select((p, n) => $"({n}, '{Text(p.Stored)}', '{Text(p.Sent)}')"))}) p (n, stored, sent)
            order by p.n
            """);

        Assert.Contains("true", answers);
        Assert.Equal(pairs.Select(p => IsCompleted(p.Stored, p.Sent) ? "true" : "false"), answers);
    }

    [Fact]
    public async Task A_row_marked_as_deleted_whose_record_Bubble_has_differs()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set deleted_in_bubble_at = '2026-05-01T00:00:00Z' where bubble_id = '{SyncFixture.Id(2)}'");

        var verified = await VerifyAsync(fixture, "agent");
        var audited = await AuditAsync(fixture, "agent");

        Assert.Equal([new VerifiedDifference("agent", SyncFixture.Id(2), DifferenceVerdict.Differs, "", "deleted_in_bubble_at")], verified.Differences);
        Assert.Equal((false, 1L, 1L), (verified.Success, verified.Entities[0].Equal, verified.Entities[0].Differs));
        Assert.Equal([$"agent,{SyncFixture.Id(2)},,deleted_in_bubble_at,,,2026-05-01T00:00:00.000000Z,differs"], audited);
    }

    [Fact]
    public async Task A_marked_row_that_is_older_too_is_counted_once_and_shows_both()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set deleted_in_bubble_at = now()");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late));

        var verified = await VerifyAsync(fixture, "agent");

        Assert.Equal(["differs deleted_in_bubble_at", "older modified_date"], verified.Differences.Select(d => $"{Word.Of(d.Verdict)} {d.Column}"));
        Assert.Equal((0L, 1L, 0L), (verified.Entities[0].Equal, verified.Entities[0].Older, verified.Entities[0].Differs));
    }

    [Fact]
    public async Task A_link_that_is_held_back_differs_where_its_column_names_another_target()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table payment add constraint payment_invoice foreign key (linked_invoice) references invoice (bubble_id)");
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early));
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\""));
        await fixture.ResyncAsync();
        var held = await VerifyAsync(fixture, "payment");
        await fixture.ExecuteAsync($"update payment set linked_invoice = '{SyncFixture.Id(3)}'");

        var verified = await VerifyAsync(fixture, "payment");
        var audited = await AuditAsync(fixture, "payment");

        Assert.True(held.Success);
        Assert.Equal(["linked_invoice"], verified.Differences.Select(d => d.Column));
        Assert.Equal(["linked_invoice"], audited.Select(line => line.Split(',')[3]));
    }

    // All lists of one length.
    private static IEnumerable<string[]> Lists(int length) =>
        length == 0 ? [[]] : Lists(length - 1).SelectMany(list => Items.Select(item => list.Append(item).ToArray()));

    private static string Text(string[] items) => $"{{{string.Join(',', items)}}}";

    private static bool IsCompleted(string[] stored, string[] sent) => sent.Length == 0 || (stored.Length > 0 && stored[0] == sent[0] && Holds(stored, sent));

    // Each of the stored items is either the next that was sent, or more between.
    private static bool Holds(ReadOnlySpan<string> stored, ReadOnlySpan<string> sent) => sent.IsEmpty
        || (!stored.IsEmpty && ((stored[0] == sent[0] && Holds(stored[1..], sent[1..])) || Holds(stored[1..], sent)));

    private static Task<VerifyReport> VerifyAsync(SyncFixture fixture, params string[] entities) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = entities }, null, fixture.Limit);

    private static async Task<List<string>> AuditAsync(SyncFixture fixture, string entity)
    {
        using var output = new MemoryStream();
        await fixture.Engine()
            .AuditValuesAsync(new ValueAuditOptions { Entities = [entity], Only = ValueVerdict.Differs, Output = output }, null, fixture.Limit);
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }
}
