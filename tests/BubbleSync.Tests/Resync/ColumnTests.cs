using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.3 and 5.4: which columns a sync writes, and with what.</summary>
public sealed class ColumnTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Columns_that_no_map_names_stay_as_they_are()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"insert into customer (customer_id, name, notes, version, updated_by) values ('{SyncFixture.Id(1)}', 'old', 'call back', "
            + "7, 'me'), ('cust_1', 'local', null, 2, null)");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"notes\": \"from Bubble\", \"version\": 99"));

        await fixture.ResyncAsync("customer");
        await fixture.ExecuteAsync($"update customer set notes = 'called' where customer_id = '{SyncFixture.Id(1)}'");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Bob\""));
        await fixture.ResyncAsync("customer");

        Assert.Equal(["Bob|called|7|me", "local|~|2|~"], await fixture.RowsAsync("select name, notes, version, updated_by from customer order by customer_id"));
    }

    [Fact]
    public async Task Blanks_at_the_end_of_a_column_of_fixed_length_are_no_difference()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent alter slug type char(5)");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Slug\": \"ab  \""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Slug\": \" a\""));
        await fixture.ResyncAsync("agent");
        var before = await fixture.SnapshotAsync();

        var forced = await fixture.ForceAsync("agent");
        var verified = await fixture.Engine().VerifyAsync(new Etl.Settings.VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Equal((0L, 2L), (forced.Entities[0].Updated, forced.Entities[0].Unchanged));
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.Empty(verified.Differences);
    }

    [Fact]
    public async Task An_absent_field_leaves_its_column_and_a_null_clears_it()
    {
        await using var fixture = await SyncedAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": null, \"Commission\": null, \"Linked User Login\": null"));

        await fixture.ResyncAsync("agent");

        Assert.Equal("~|a@example.com|~|12.50|~|~", await fixture.RowAsync("select name, email, commission, annual_collection, linked_user_login, "
            + "slug from agent"));
    }

    [Fact]
    public async Task Where_the_map_says_so_an_absent_field_clears_its_column()
    {
        await using var fixture = await SyncedAsync();
        fixture.WithMap("agent", map => map.Replace("\"level\": 0,", "\"level\": 0, \"absent\": \"clear\",", StringComparison.Ordinal)
            .Replace("\"from\": \"Name\" }", "\"from\": \"Name\", \"absent\": \"keep\" }", StringComparison.Ordinal));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late));

        await fixture.ResyncAsync("agent");

        Assert.Equal("Ann|~|~|~|~", await fixture.RowAsync("select name, email, commission, annual_collection, linked_user_login from agent"));
    }

    [Fact]
    public async Task On_insert_an_absent_field_leaves_the_columns_default_and_a_null_does_not()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("submit_payment", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("submit_payment", SyncFixture.Record(2, SyncFixture.Early, "\"Status\": \"paid\""));
        fixture.Put("submit_payment", SyncFixture.Record(3, SyncFixture.Early, "\"Status\": null"));
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early, "\"Amount\": 7.250"));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, "\"Amount\": 1, \"Total Amount\": 2"));
        fixture.Put("invoice", SyncFixture.Record(4, SyncFixture.Early, "\"Total Amount\": null"));
        fixture.Put("invoice", SyncFixture.Record(5, SyncFixture.Early, "\"Amount\": 3, \"Total Amount\": \"  \""));

        await fixture.ResyncAsync("submitted_payment", "invoice");

        Assert.Equal(["pending", "paid", "~"], await fixture.RowsAsync("select status from submitted_payment order by bubble_id"));
        Assert.Equal(["0|~|true", "7.250|7.250|true", "2|1|true", "~|~|true", "3|3|true"], await fixture.RowsAsync("select total_amount, amount, is_latest "
            + "from invoice order by bubble_id"));
    }

    [Fact]
    public async Task Values_are_stored_in_the_form_of_their_type()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, """
            "Amount": 12345678901234567890.10, "EPP Month": "1.50", "Payment Date": 1767225600000, "Remark": "",
            "Attachment": ["//a/b.pdf", "", "//", "https://c/d"], "Terminal": {"a": [1, 2.0]}
            """));
        fixture.Put("payment", SyncFixture.Record(2, SyncFixture.Early, """
            "Amount": " ", "Payment Date": "2026-01-01T00:00:00.1234567+08:00", "Remark": 12.0, "Attachment": [], "Linked Invoice": "x"
            """));

        await fixture.ResyncAsync("payment");

        Assert.Equal(
            ["12345678901234567890.10|1.50|2026-01-01T00:00:00Z||{https://a/b.pdf,https://c/d}|{\"a\":[1,2.0]}", "~|~|2025-12-31T16:00:00.123456Z|12.0|{}|~"],
            await fixture.RowsAsync("select amount::text, epp_month::text, payment_date, remark, attachment, terminal from payment order by bubble_id"));
    }

    private async Task<SyncFixture> SyncedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"email\": \"a@example.com\", \"Commission\": 5, \"Annual "
            + "Collection\": 12.50, \"Linked User Login\": \"1x2\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
