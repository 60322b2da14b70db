using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
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
    [InlineData("alter table agent add unique (email)")]
    [InlineData("alter table agent alter email set not null, add unique (email)")]
    [InlineData("create unique index on agent (lower(email))")]
    [InlineData("create unique index on agent (email) where deleted_in_bubble_at is null")]
    [InlineData("alter table agent add unique nulls not distinct (email)")]
    [InlineData("alter table agent add unique (email, commission)")]
    [InlineData("alter table agent add unique (email) deferrable initially deferred")]
    [InlineData("alter table agent alter commission set not null, add unique (commission)")]
    [InlineData("alter table agent add unique (annual_collection)")]
    [InlineData("alter table agent alter last_update_annual_sales set not null, add unique (last_update_annual_sales)")]
    [InlineData("alter table agent alter name type varchar(1), alter name set not null, add unique (name)")]
    [InlineData("alter table agent alter email set not null, add unique (email), add check (email ~ '^[a-z][0-9]@[a-z]$')")]
    [InlineData("alter table agent alter email set not null, add unique (email), add check (email ~ '^a[0-9]@x$')")]
    [InlineData("alter table agent alter commission set not null, add unique (commission), add check (commission between -30 and 12)")]
    [InlineData("alter table agent alter commission set not null, add unique (commission), add check (commission between 0 and 12)")]
    public async Task Records_that_exchange_unique_values_all_load(string rule)
    {
        static string Fields(int value) =>
            $"\"Name\": \"{value}\", \"email\": \"a{value}@x\", \"Commission\": {value * 3}, \"Annual Collection\": {value}.5, "
            + $"\"Last Update Annual Sales\": \"2026-01-0{value + 1}T00:00:00.000Z\"";

        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(rule);
        for (var number = 0; number < 5; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, Fields(number)));
        await fixture.ResyncAsync("agent");
        // Two exchange, three go round.
        int[] next = [1, 0, 3, 4, 2];
        for (var number = 0; number < 5; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, Fields(next[number])));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 5L, 0L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal(["a1@x|1", "a0@x|0", "a3@x|3", "a4@x|4", "a2@x|2"], await fixture.RowsAsync("select email, commission / 3 from agent order by bubble_id"));
        Assert.True(await fixture.ScalarAsync<bool>("select bool_and(updated_at = modified_date) from agent"));
    }

    [Fact]
    public async Task An_exchange_empties_no_column_that_may_not_be_cleared()
    {
        const int Agents = 10;
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", map => map.Replace(
            "\"from\": [\"email\", \"Email\"]", "\"from\": [\"email\", \"Email\"], \"absent\": \"clear\"", StringComparison.Ordinal));
        await fixture.ExecuteAsync("create unique index on agent (lower(email))");
        for (var number = 0; number < Agents; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number}@x\""));
        await fixture.ResyncAsync("agent");
        for (var number = 0; number < Agents; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, number < 2 ? $"\"email\": \"a{1 - number}@x\"" : "\"Name\": \"new\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 10L, 0L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal("1 0 2 3 4 5 6 7 8 9", await fixture.ScalarAsync<string>("select string_agg(substr(email, 2, 1), ' ' order by bubble_id) from agent"));
    }

    [Fact]
    public async Task A_value_that_is_given_up_goes_to_a_new_record_beside_culprits()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint one_mail unique (email), add constraint paid check (commission >= 0)");
        foreach (var number in new[] { 5, 6, 7 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number}@x\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"email\": \"a5@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"email\": \"new@x\", \"Commission\": -1"));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"email\": \"a6@x\""));
        fixture.Put("agent", SyncFixture.Record(5, SyncFixture.Late, "\"email\": \"a7@x\""));
        fixture.Put("agent", SyncFixture.Record(7, SyncFixture.Late, "\"email\": \"a8@x\""));

        var report = await fixture.ResyncAsync("agent");

        var counts = report.Entities[0];
        Assert.Equal((1L, 2L, 1L, 2L, 6L), (counts.Inserted, counts.Updated, counts.Unchanged, counts.Rejected, counts.Extracted));
        Assert.Equal(
            [$"{SyncFixture.Id(1)}|a5@x", $"{SyncFixture.Id(5)}|a7@x", $"{SyncFixture.Id(6)}|a6@x", $"{SyncFixture.Id(7)}|a8@x"],
            await fixture.RowsAsync("select bubble_id, email from agent order by 1"));
        Assert.Equal(
            [$"{SyncFixture.Id(2)}|paid", $"{SyncFixture.Id(3)}|one_mail"],
            await fixture.RowsAsync("select bubble_id, field from bubblesync.rejected_record order by 1"));
    }

    [Fact]
    public async Task A_record_that_cannot_leave_its_value_takes_those_along_that_want_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add unique (email), add check (commission >= 0)");
        foreach (var number in new[] { 1, 2, 3, 4 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number}@x\""));
        await fixture.ResyncAsync("agent");
        // 1 wants what 2 has, 2 what 3 has, and 3 must stay.
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"email\": \"a2@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"email\": \"a3@x\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"email\": \"a9@x\", \"Commission\": -1"));
        fixture.Put("agent", SyncFixture.Record(4, SyncFixture.Late, "\"email\": \"a5@x\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 3L), (report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal(["a1@x", "a2@x", "a3@x", "a5@x"], await fixture.RowsAsync("select email from agent order by bubble_id"));
    }

    [Theory]
    [InlineData("raise exception 'no Bobs'", "the table's rules refuse it: no Bobs (P0001)")]
    [InlineData("raise exception 'no Bobs' using errcode = 'BS001'", "the table's rules refuse it: no Bobs (BS001)")]
    [InlineData("raise exception 'no Bobs' using errcode = '42501'", "the table's rules refuse it: no Bobs (42501)")]
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

    [Theory]
    [InlineData("")]
    [InlineData(", add check (name is distinct from 'Bob')")]
    public async Task Records_may_name_each_other_in_a_column_that_must_not_be_empty(string check)
    {
        static string Fields(int introducer) => $"\"Name\": \"{(introducer == 9 ? "Bob" : "Ann")}\", \"banker\": \"{SyncFixture.Id(introducer)}\"";

        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            $"alter table agent alter banker set not null, add constraint introduced foreign key (banker) references agent (bubble_id){check}");
        // The first names itself, two name each other, and one names a record that is missing.
        foreach (var (number, introducer) in new[] { (1, 1), (2, 1), (3, 4), (4, 3), (5, 9), (6, 5), (7, 6) })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, Fields(introducer)));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 4L, 3L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal([1, 2, 3, 4], (await fixture.RowsAsync("select right(bubble_id, 1) from agent order by 1")).Select(int.Parse!));
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
    public async Task A_dry_run_counts_refusals_and_exchanges_as_the_real_run_does()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add unique (email) deferrable initially deferred, add check (commission >= 0)");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"email\": \"a@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"email\": \"b@x\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"email\": \"b@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"email\": \"a@x\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"email\": \"a@x\""));
        fixture.Put("agent", SyncFixture.Record(4, SyncFixture.Early, "\"Commission\": -1"));
        var before = await fixture.SnapshotAsync();

        var dry = await fixture.ResyncAsync(new ResyncOptions { DryRun = true, Entities = ["agent"] });
        var after = await fixture.SnapshotAsync();
        var real = await fixture.ResyncAsync("agent");

        Assert.Equal(before, after);
        Assert.Equal((RunStatus.Partial, RunStatus.Partial), (dry.Status, real.Status));
        Assert.Equal((2L, 2L, 4L), (real.Entities[0].Updated, real.Entities[0].Rejected, real.Entities[0].Extracted));
        Assert.Equal((2L, 2L, 4L), (dry.Entities[0].Updated, dry.Entities[0].Rejected, dry.Entities[0].Extracted));
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
