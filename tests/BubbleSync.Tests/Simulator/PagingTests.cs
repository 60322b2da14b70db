using System.Net;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Simulator;

[Trait(CiOnly.Trait, CiOnly.Value)]
public class PagingTests
{
    [Fact]
    public async Task A_page_holds_a_hundred_rows_and_says_how_many_remain()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 250);

        var page = await session.ListAsync("invoice");

        Assert.Equal((0, 100, 100, 150), (page["cursor"]!.GetValue<int>(), page.Rows().Count, page.Count(), page.Remaining()));
    }

    [Fact]
    public async Task Pages_add_up_to_all_records_once_each()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 250);

        var rows = await session.ReadAsync("invoice_item");

        Assert.Equal(session.Server.Records.Count("invoice_item"), rows.Ids().Distinct().LongCount());
        Assert.Equal(875, rows.Count);
    }

    [Fact]
    public async Task A_larger_limit_is_silently_lowered_to_a_hundred()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 250);

        var page = await session.ListAsync("invoice", ("limit", "500"));

        Assert.Equal(100, page.Count());
    }

    [Fact]
    public async Task A_limit_of_minus_one_is_counted_as_minus_one()
    {
        await using var session = await SimulatorFixture.StartAsync();

        var page = await session.ListAsync("invoice", ("limit", "-1"));

        Assert.Equal((-1, 0), (page.Count(), page.Rows().Count));
    }

    [Fact]
    public async Task Count_and_remaining_of_one_row_give_the_whole()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 123);

        var page = await session.ListAsync("invoice", ("limit", "1"));

        Assert.Equal(123, page.Count() + page.Remaining());
    }

    [Fact]
    public async Task Beyond_the_ceiling_pages_are_empty_though_rows_remain_and_the_one_across_it_is_short()
    {
        await using var session = await SimulatorFixture.StartAsync(200, "ceiling=150");

        var across = await session.ListAsync("invoice", ("cursor", "100"));
        var beyond = await session.ListAsync("invoice", ("cursor", "150"));

        Assert.Equal((50, 50), (across.Rows().Count, across.Remaining()));
        Assert.Equal((0, 50), (beyond.Rows().Count, beyond.Remaining()));
    }

    [Fact]
    public async Task The_ceiling_is_fifty_thousand_when_nothing_else_is_said()
    {
        await using var session = await SimulatorFixture.StartAsync(invoices: 50_010);

        var across = await session.ListAsync("invoice", ("cursor", "49990"));

        Assert.Equal((10, 10), (across.Rows().Count, across.Remaining()));
    }

    [Fact]
    public async Task Remaining_can_be_left_out()
    {
        await using var session = await SimulatorFixture.StartAsync();

        var page = await session.ListAsync("invoice", ("exclude_remaining", "true"));

        Assert.False(page.ContainsKey("remaining"));
    }

    [Theory]
    [InlineData("Customer_Profile")]
    [InlineData("customer_profile")]
    [InlineData("CUSTOMER_profile")]
    public async Task Types_go_by_any_case(string type)
    {
        await using var session = await SimulatorFixture.StartAsync();

        Assert.Equal(80, (await session.ListAsync(type)).Count());
    }

    [Theory]
    [InlineData("/api/1.1/obj/invoice")]
    [InlineData("/version-live/api/1.1/obj/invoice")]
    public async Task Any_branch_before_the_root_will_do(string path)
    {
        await using var session = await SimulatorFixture.StartAsync();

        using var answer = await session.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task The_envelope_is_byte_for_byte_that_of_Bubble()
    {
        const string row = """{"Created Date":"2026-02-01T00:00:00.000Z", "odd spacing" : 1.50,"_id":"1769904000000x1"}""";
        await using var session = await SimulatorFixture.StartAsync(invoices: 0);
        session.Server.Records.Put("invoice", row);

        using var answer = await session.GetAsync("obj/invoice");

        Assert.Equal("""{"response":{"cursor":0,"results":["""
            + row + """],"count":1,"remaining":0}}""", await answer.Content.ReadAsStringAsync(SimulatorFixture.Limit));
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("br", true)]
    [InlineData("br", false)]
    public async Task Answers_are_compressed_for_clients_that_ask(string encoding, bool isOn)
    {
        await using var session = await SimulatorFixture.StartAsync(new SimulatorOptions { Invoices = 100, Compression = isOn });
        using var http = new HttpClient { BaseAddress = session.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = session.Http.DefaultRequestHeaders.Authorization;
        http.DefaultRequestHeaders.AcceptEncoding.Add(new(encoding));

        using var answer = await http.GetAsync(new Uri("obj/invoice", UriKind.Relative), SimulatorFixture.Limit);

        Assert.Equal(isOn ? [encoding] : [], answer.Content.Headers.ContentEncoding);
        Assert.Equal(100, (await session.ListAsync("invoice")).Count());
    }
}
