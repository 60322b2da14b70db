using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.5: records that the table refuses are rejected by name, all others load, and exchanges of unique values go through.</summary>
public sealed class RefusalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Rejects = "select bubble_id, field, reason from bubblesync.rejected_record order by 1, 2";

    private const string Reasons = "select field, reason from bubblesync.rejected_record order by 1, 2";
    private const string Apart =
        "alter table agent add constraint apart exclude using gist (int4range(commission, commission + 2) with &&) where (commission is not null)";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_table_that_takes_only_numbers_of_its_sequence_takes_all_good_records(bool isDryRun)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint paid check (commission >= 0), add constraint positive check (id > 0)");
        for (var number = 1; number <= 20; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Commission\": {(number == 7 ? -1 : number)}"));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = isDryRun });

        Assert.Equal((RunStatus.Partial, 19L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Contains("'paid'", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_a_check_refuses_is_rejected_as_it_was_sent_and_the_levels_above_go_on()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint paid check (commission >= 0)");
        var refused = SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Bob\", \"Commission\": -5, \"Nobody maps this\": {\"a\": [1.50]}");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": 5"));
        fixture.Put("agent", refused);
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent", "invoice");

        var agents = report.Entities[0];
        Assert.Equal((RunStatus.Partial, 2L, 1L, 1L), (report.Status, agents.Extracted, agents.Inserted, agents.Rejected));
        Assert.Equal(1, report.Entities[1].Inserted);
        Assert.Equal(["5"], await fixture.RowsAsync("select commission from agent"));
        Assert.Equal([$"{SyncFixture.Id(2)}|paid|constraint 'paid' of table 'agent' refuses it"], await fixture.RowsAsync(Rejects));
        Assert.Equal(refused, await fixture.ScalarAsync<string>("select raw from bubblesync.rejected_record"));
        Assert.Contains(report.Errors, e => e is { Code: ErrorCode.Rejected, Field: "paid" } && e.BubbleId == SyncFixture.Id(2));
    }

    [Fact]
    public async Task A_known_record_that_a_check_refuses_keeps_its_old_row()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint paid check (commission >= 0)");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": 5"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Commission\": 6"));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Commission\": -5"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Commission\": 7"));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 1L, 0L), (report.Entities[0].Updated, report.Entities[0].Rejected, report.Entities[0].Unchanged));
        Assert.Equal(["5", "7"], await fixture.RowsAsync("select commission from agent order by bubble_id"));
    }

    [Fact]
    public async Task Of_twins_one_loads_and_the_other_is_rejected_by_name()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint one_mail unique (email)");
        foreach (var number in Enumerable.Range(1, 9))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number % 8}@x\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 9L, 8L, 1L), (report.Status, report.Entities[0].Extracted, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(8, await fixture.ScalarAsync<long>("select count(distinct email) from agent"));
        Assert.Equal(["one_mail|constraint 'one_mail' of table 'agent' refuses it: another row has the same value"], await fixture.RowsAsync(Reasons));
    }

    [Theory]
    [InlineData("raise exception 'no Bobs'", "the table's rules refuse it: no Bobs (P0001), raised in function refuse(), perhaps by a trigger")]
    [InlineData("raise exception 'no Bobs' using errcode = 'BS001'", "the table's rules refuse it: no Bobs (BS001), raised in function refuse(), perhaps "
        + "by a trigger")]
    [InlineData("raise exception 'no Bobs' using errcode = '42501'", "the table's rules refuse it: no Bobs (42501), raised in function refuse(), perhaps "
        + "by a trigger")]
    [InlineData("perform 1 / 0", "division by zero (22012)")]
    public async Task A_record_for_which_a_trigger_raises_is_rejected_with_what_it_says(string body, string reason)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            create function refuse() returns trigger language plpgsql as $x$ begin if new.name = 'Bob' then {body}; end if; return new; end $x$;
            create trigger refuse before insert on agent for each row execute function refuse()
            """);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"Bob\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal([$"{SyncFixture.Id(2)}|_id|{reason}"], await fixture.RowsAsync(Rejects));
    }

    [Fact]
    public async Task A_record_that_no_partition_takes_is_rejected()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            create table public.parts (like agent including defaults including identity) partition by range (bubble_id);
            drop table agent; alter table public.parts rename to agent; create unique index on agent (bubble_id);
            create table public.agent_first partition of agent for values from (minvalue) to ('{SyncFixture.Id(2)}')
            """);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal([$"{SyncFixture.Id(2)}|_id|no partition of table 'agent' takes it"], await fixture.RowsAsync(Rejects));
    }

    [Theory]
    [InlineData("positive")]
    [InlineData("paid")]
    public async Task A_record_that_a_domain_refuses_is_rejected_with_its_column(string domain)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"""
            create domain positive as integer check (value > 0); create domain paid as positive;
            alter table agent alter commission type {domain}
            """);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": 5"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Commission\": -5"));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(
            [$"Commission|column 'commission' of table 'agent': constraint 'positive_check' of domain '{domain}' refuses it"],
            await fixture.RowsAsync(Reasons));
    }

    [Fact]
    public async Task A_column_of_a_domain_that_must_not_be_empty_rejects_new_records_by_its_name()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create domain needed as text not null; alter table agent alter slug type needed");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L), (report.Status, report.Entities[0].Rejected));
        Assert.Equal(["Slug"], await fixture.RowsAsync("select field from bubblesync.rejected_record"));
    }

    [Theory]
    [InlineData($"{Apart}")]
    [InlineData($"{Apart} deferrable initially deferred")]
    [InlineData("""
        create function apart() returns trigger language plpgsql as $x$ begin
          if exists (select from agent a where a.bubble_id <> new.bubble_id and abs(a.commission - new.commission) < 2) then
            raise exception 'too near' using errcode = 'check_violation', constraint = 'apart', table = 'agent';
          end if;
          return null; end $x$;
        create constraint trigger apart after insert or update on agent deferrable initially deferred for each row execute function apart()
        """)]
    public async Task Rules_that_hold_a_record_against_others_reject_one_of_them(string rule)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(rule);
        foreach (var number in new[] { 1, 2, 5 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Commission\": {number}"));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 2L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(["apart|constraint 'apart' of table 'agent' refuses it"], await fixture.RowsAsync(Reasons));
    }

    [Fact]
    public async Task A_link_that_a_foreign_key_of_several_columns_forbids_rejects_its_record()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            create table place (town text, road text, primary key (town, road)); insert into place values ('t', 'r');
            alter table agent add constraint lives foreign key (address, banker) references place
            """);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Address\": \"t\", \"banker\": \"r\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Address\": \"t\", \"banker\": \"q\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(["lives|foreign key 'lives' of table 'agent' refuses it: a row that must be there is not"], await fixture.RowsAsync(Reasons));
    }

    [Fact]
    public async Task A_text_that_is_too_long_for_an_index_rejects_its_record()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create index on agent (address)");
        var random = new Random(1);
        var text = string.Concat(Enumerable.Range(0, 9000).Select(_ => (char)random.Next('A', 'z' + 1)).Where(char.IsLetter));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Address\": \"short\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, $"\"Address\": \"{text}\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
    }

    [Fact]
    public async Task Refusals_count_for_the_most_rejects_before_anything_is_merged_and_a_resume_knows_them()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint paid check (commission >= 0)");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": 1"));
        var refused = SyncFixture.Record(2, SyncFixture.Early, "\"Commission\": -1, \"Unmapped\": 1");
        fixture.Put("agent", refused);

        var stopped = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) });
        var rows = await fixture.ScalarAsync<long>("select count(*) from agent");
        var kept = await fixture.ScalarAsync<string>("select raw from bubblesync.rejected_record");
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Failed, ErrorCode.TooManyRejects, 0L, refused), (stopped.Status, stopped.Errors[0].Code, rows, kept));
        Assert.Equal((RunStatus.Partial, 1L, 1L), (resumed.Status, resumed.Entities[0].Inserted, resumed.Entities[0].Rejected));
        Assert.Equal([refused], await fixture.RowsAsync("select raw from bubblesync.rejected_record"));
    }
}
