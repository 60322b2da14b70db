using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>CONTRACT 5.11, patch by patch, on rows made by hand.</summary>
public sealed class PatchRuleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Blank_is_the_same_characters_in_SQL_and_in_the_program()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var blank = await fixture.RowsAsync(
            "select code from generate_series(1, 65535) as code where code not between 55296 and 57343 and bubblesync.is_blank(chr(code))");

        Assert.Equal(Enumerable.Range(1, 65535).Where(code => char.IsWhiteSpace((char)code)).Select(code => $"{code}"), blank);
        Assert.Equal("true|true|false", await fixture.RowAsync("select bubblesync.is_blank(null), bubblesync.is_blank(''), bubblesync.is_blank(' x ')"));
    }

    [Theory]
    [InlineData("null", "s1")]
    [InlineData("''", "s1")]
    [InlineData("' '", "s1")]
    [InlineData(@"E' \t\r\n'", "s1")]
    [InlineData(@"E'\u00A0\u2003\u3000\u0085\u000B'", "s1")]
    [InlineData(@"E'\u200B'", "\u200B")]
    [InlineData("'s1'", "s1")]
    [InlineData("'other'", "other")]
    public async Task The_seda_link_of_an_invoice_is_restored_only_where_it_is_null_or_blank(string there, string expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"insert into invoice (bubble_id, linked_seda_registration) values ('i1', {there}), ('i2', null); insert into "
            + $"seda_registration (bubble_id, linked_invoice) values ('s1', '{{x, i1}}')");

        await fixture.PatchAsync("010");

        Assert.Equal([$"i1|{expected}", "i2|~"], await fixture.RowsAsync("select bubble_id, linked_seda_registration from invoice order by 1"));
    }

    [Theory]
    [InlineData("s2", "('s1', '2026-01-01'), ('s2', '2026-01-03'), ('s3', '2026-01-02')")]
    [InlineData("s10", "('s9', '2026-01-03'), ('s10', '2026-01-03'), ('s2', '2026-01-03'), ('s1', '2026-01-02')")]
    [InlineData("s3", "('s1', null), ('s2', null), ('s3', '2020-01-01')")]
    [InlineData("s1", "('s2', null), ('s1', null)")]
    public async Task Of_several_registrations_that_list_an_invoice_the_newest_has_it_then_the_smallest_id(string expected, string claims)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("insert into invoice (bubble_id) values ('i1'); insert into seda_registration (bubble_id, modified_date, linked_invoice) "
            + $"select id, at::timestamptz, '{{i1, i1}}' from (values {claims}) as c (id, at)");

        var report = await fixture.PatchAsync("010");

        Assert.Equal((1, expected), (report.Rows, await fixture.ScalarAsync<string>("select linked_seda_registration from invoice")));
    }

    [Fact]
    public async Task A_seda_link_that_stays_against_a_claim_is_reported_and_one_that_agrees_is_not()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            insert into invoice (bubble_id, linked_seda_registration) values ('i1', 's9'), ('i2', 's2'), ('i3', null), ('i4', 's4');
            insert into seda_registration (bubble_id, linked_invoice) values ('s1', '{i1}'), ('s2', '{i2}'), ('s3', '{i3}');
            """);

        var report = await fixture.PatchAsync("010");

        Assert.Equal(1, report.Rows);
        Assert.Equal("warning|patch|invoice|i1|010-invoice-seda-link: keeps its SEDA registration s9, "
            + "though s1 lists it", await fixture.RowAsync("select level, stage, entity, bubble_id, message from bubblesync.activity_log where "
            + "level <> 'info'"));
    }

    [Theory]
    [InlineData("null", "c1")]
    [InlineData("''", "c1")]
    [InlineData(@"E'\t '", "c1")]
    [InlineData(@"E'\u2028\u202F'", "c1")]
    [InlineData("'c9'", "c9")]
    public async Task The_customer_of_a_registration_is_taken_from_its_invoice_only_where_it_is_null_or_blank(string there, string expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            insert into seda_registration (bubble_id, linked_customer, linked_invoice) values ('s1', {there}, null), ('s2', {there}, array['x', 'i2']),
              ('s3', null, array['x']);
            insert into invoice (bubble_id, linked_customer, linked_seda_registration) values ('i1', 'c1', 's1'), ('i2', 'c1', null);
            """);

        await fixture.PatchAsync("020");

        Assert.Equal([$"s1|{expected}", $"s2|{expected}", "s3|~"], await fixture.RowsAsync("select bubble_id, linked_customer from "
            + "seda_registration order by 1"));
    }

    [Theory]
    [InlineData("c2", "('i1', 'c1', '2026-01-01'), ('i2', 'c2', '2026-01-03'), ('i3', 'c3', '2026-01-02')")]
    [InlineData("c2", "('i9', 'c1', '2026-01-01'), ('i10', 'c2', '2026-01-01')")]
    [InlineData("c2", "('i1', 'c1', null), ('i2', 'c2', '2020-01-01')")]
    [InlineData("c2", "('i1', null, '2026-01-03'), ('i3', ' ', '2026-01-03'), ('i4', '', '2026-01-03'), ('i5', E'\\u3000', '2026-01-03'), ('i2', 'c2', "
        + "'2026-01-01')")]
    public async Task Of_several_invoices_with_a_customer_the_newest_gives_it_then_the_smallest_id(string expected, string invoices)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("insert into seda_registration (bubble_id) values ('s1'); insert into invoice (bubble_id, linked_customer, modified_date, "
            + $"linked_seda_registration) select id, customer, at::timestamptz, 's1' from (values {invoices}) as v (id, customer, at)");

        await fixture.PatchAsync("020");

        Assert.Equal(expected, await fixture.ScalarAsync<string>("select linked_customer from seda_registration"));
    }

    [Theory]
    [InlineData("null", "{n1,n2,n3}")]
    [InlineData("'{}'", "{n1,n2,n3}")]
    [InlineData("'{n3, gone, n2}'", "{n3,gone,n2,n1}")]
    [InlineData("'{n3, n1, n2, gone}'", "{n3,n1,n2,gone}")]
    public async Task The_items_of_an_invoice_are_completed_in_the_order_they_came_and_never_shortened(string there, string expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            insert into invoice (bubble_id, linked_invoice_item) values ('i1', {there}), ('i2', null);
            insert into invoice_item (bubble_id, linked_invoice, created_date) values ('n3', 'i1', null), ('n2', 'i1', '2026-01-02'), ('n1', 'i1',
              '2026-01-01'), ('n4', 'i9', null), ('n5', null, null);
            """);

        await fixture.PatchAsync("030");

        Assert.Equal([$"i1|{expected}", "i2|~"], await fixture.RowsAsync("select bubble_id, linked_invoice_item from invoice order by 1"));
    }

    [Theory]
    [InlineData("null", "{p1,p2,q1}")]
    [InlineData("'{q1, gone}'", "{q1,gone,p1,p2}")]
    [InlineData("'{p2, p1, q1, gone}'", "{p2,p1,q1,gone}")]
    public async Task The_payments_of_an_invoice_are_completed_from_both_tables_and_never_shortened(string there, string expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            insert into invoice (bubble_id, linked_payment) values ('i1', {there}), ('i2', null);
            insert into payment (bubble_id, linked_invoice, created_date) values ('p2', 'i1', '2026-01-02'), ('p1', 'i1', '2026-01-01'), ('p3', 'i9', null);
            insert into submitted_payment (bubble_id, linked_invoice, created_date) values ('q1', 'i1', '2026-01-03'), ('p1', 'i1', '2026-01-01'), ('q2',
              null, null);
            """);

        await fixture.PatchAsync("040");

        Assert.Equal([$"i1|{expected}", "i2|~"], await fixture.RowsAsync("select bubble_id, linked_payment from invoice order by 1"));
    }

    // A short list stands in its row; one of 100 ids beside others is compressed, one of 2,000 lies in a table of its own.
    [Theory]
    [InlineData("030", "linked_invoice_item", "invoice_item", 20)]
    [InlineData("030", "linked_invoice_item", "invoice_item", 100)]
    [InlineData("030", "linked_invoice_item", "invoice_item", 2000)]
    [InlineData("040", "linked_payment", "payment", 20)]
    [InlineData("040", "linked_payment", "payment", 100)]
    [InlineData("040", "linked_payment", "payment", 2000)]
    public async Task A_list_is_completed_however_long_it_is(string patch, string list, string child, int length)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            insert into {child} (bubble_id, linked_invoice, created_date)
              select format('%sx%s', 1700000000000 + n, n), 'i1', timestamptz '2026-01-01' + make_interval(mins => n) from generate_series(1, {length}) n;
            insert into {child} (bubble_id, linked_invoice) values ('1x1', 'i2'), ('1x2', 'i9');
            insert into invoice (bubble_id, {list})
              select 'i1', array_agg(bubble_id order by created_date desc) filter (where bubble_id not like '%7') from {child} where linked_invoice = 'i1';
            insert into invoice (bubble_id) values ('i2');
            """);
        var there = await fixture.ScalarAsync<string>($"select array_to_string({list}, ',') from invoice where bubble_id = 'i1'");
        var lacking = await fixture.ScalarAsync<string>(
            $"select string_agg(bubble_id, ',' order by created_date) from {child} where linked_invoice = 'i1' and bubble_id like '%7'");

        await fixture.PatchAsync(patch);

        Assert.Equal([$"i1|{there},{lacking}", "i2|1x1"], await fixture.RowsAsync($"select bubble_id, array_to_string({list}, ',') from invoice order by 1"));
    }

    [Fact]
    public async Task The_creator_of_an_invoice_is_filled_in_only_where_it_is_null()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            insert into "user" (bubble_id, linked_agent_profile) values ('u1', 'a1');
            insert into agent (bubble_id, linked_user_login) values ('a1', 'u9'), ('a2', 'u2'), ('a3', null), ('a4', E' \u00A0');
            insert into invoice (bubble_id, linked_agent, created_by) values
              ('i1', 'a1', null), ('i2', 'a2', null), ('i3', 'a3', null), ('i4', 'a4', null), ('i5', null, null), ('i6', 'a1', 'admin_user_app_live'),
                ('i7', 'a1', ''), ('i8', 'a9', null);
            """);

        await fixture.PatchAsync("050");

        Assert.Equal(["i1|u1", "i2|u2", "i3|~", "i4|~", "i5|~", "i6|admin_user_app_live", "i7|", "i8|~"], await fixture.RowsAsync(
            "select bubble_id, created_by from invoice order by 1"));
    }

    [Fact]
    public async Task Of_several_users_of_an_agent_the_newest_created_the_invoice_then_the_smallest_id()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            insert into "user" (bubble_id, linked_agent_profile, modified_date) values
              ('u1', 'a1', '2026-01-01'), ('u2', 'a1', '2026-01-02'), ('u9', 'a2', '2026-01-01'), ('u10', 'a2', '2026-01-01'), ('u3', 'a3', null), ('u4',
                'a3', '2020-01-01');
            insert into invoice (bubble_id, linked_agent) values ('i1', 'a1'), ('i2', 'a2'), ('i3', 'a3');
            """);

        await fixture.PatchAsync("050");

        Assert.Equal(["i1|u2", "i2|u10", "i3|u4"], await fixture.RowsAsync("select bubble_id, created_by from invoice order by 1"));
    }

    [Theory]
    [InlineData(false, "c9|u9")]
    [InlineData(true, "~|~")]
    public async Task A_link_to_what_is_missing_is_filled_in_unless_a_foreign_key_forbids_it(bool hasKeys, string expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        if (hasKeys)
            await fixture.ExecuteAsync(
                """alter table seda_registration add foreign key (linked_customer) references customer (customer_id); alter table invoice add foreign """
                    + """key (created_by) references "user" (bubble_id)""");
        await fixture.ExecuteAsync("""
            insert into seda_registration (bubble_id) values ('s1'); insert into agent (bubble_id, linked_user_login) values ('a1', 'u9');
            insert into invoice (bubble_id, linked_customer, linked_seda_registration, linked_agent) values ('i1', 'c9', 's1', 'a1');
            """);

        var reports = new[] { await fixture.PatchAsync("020"), await fixture.PatchAsync("050") };

        Assert.All(reports, report => Assert.Equal(PatchStatus.Succeeded, report.Status));
        Assert.Equal(expected, await fixture.RowAsync("select s.linked_customer, i.created_by from seda_registration s, invoice i"));
    }
}
