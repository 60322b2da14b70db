using System.Text.RegularExpressions;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>Each statement that is advised for a column of another type, run on data in a database whose time zone is not UTC and whose floats are short.</summary>
public sealed partial class ColumnChangeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Zone = "Asia/Kuala_Lumpur";

    public static TheoryData<string, string, string, string> Exact => new()
    {
        // Type, what is stored and the default, the wanted type, the same after the change. In KL it is 8 hours later.
        { "date", "'2026-03-01'|'2026-01-01'", "timestamptz", "2026-03-01 00:00:00+00|2026-01-01 00:00:00+00" },
        { "money", "12.34|0", "numeric", "12.34|0.00" },
        { "bigint", "9223372036854775807|0", "numeric", "9223372036854775807|0" },
        { "text", "' 12345678901234567890.10 '|'0'", "numeric", "12345678901234567890.10|0" },
        { "varchar(9)", "E' 12\\n'|''", "integer", "12|~" },
        { "boolean", "true|false", "integer", "1|0" },
        { "boolean", "true|false", "numeric", "1|0" },
        { "integer", "1|0", "boolean", "true|false" },
        { "smallint", "1|0", "boolean", "true|false" },
        { "numeric(5,2)", "1|0", "boolean", "true|false" },
        { "double precision", "1|0", "boolean", "true|false" },
        { "double precision", "1.0|1.0", "boolean", "true|true" },
        { "real", "0.0|0.0", "boolean", "false|false" },
        { "numeric", "1.0|1.00", "boolean", "true|true" },
        { "double precision", "1.50|1.50", "text", "1.5|1.5" },
        { "text", "'1'|'n/a'", "numeric", "1|~" },
        { "text", "'1'|'1.5'", "integer", "1|~" },
        { "integer", "1|2", "boolean", "true|~" },
        { "text", "'no'|'perhaps'", "boolean", "false|~" },
        { "text", "'{}'|'plain'", "jsonb", "{}|~" },
        { "text", "'1'|upper('x')", "numeric", "1|~" },
        { "text", "'yes'|' '", "boolean", "true|~" },
        { "varchar(20)", "'  a b '|''", "text", "  a b |" },
        { "char(5)", "'ab'|''", "text", "ab|" },
        { "integer", "-12|0", "text", "-12|0" },
        { "numeric(6,3)", "1.500|0", "text", "1.500|0.000" },
        { "double precision", "0.30000000000000004|0.1", "text", "0.30000000000000004|0.1" },
        { "real", "0.1|0", "text", "0.1|0" },
        { "boolean", "true|false", "text", "true|false" },
        { "uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'|null", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|~" },
        { "json", "'{\"a\": [1]}'|null", "text", "{\"a\": [1]}|~" },
        { "jsonb", "'{\"a\":[1.10]}'|'{}'", "text", "{\"a\": [1.10]}|{}" },
        { "text[]", "array['a,b', 'c\"d']|'{}'", "text", "[\"a,b\",\"c\\\"d\"]|[]" },
        { "timestamptz", "'2026-03-01 08:00:00.123456Z'|'2026-01-01 00:00Z'", "text", "2026-03-01T08:00:00.123456Z|2026-01-01T00:00:00Z" },
        { "timestamp", "'2026-03-01 08:00:00'|null", "text", "2026-03-01T08:00:00|~" },
        { "date", "'2026-03-01'|null", "text", "2026-03-01|~" },
        { "varchar(5)[]", "array['a', 'b c']|'{}'", "text[]", "{a,\"b c\"}|{}" },
        { "text", "' a b , c,, d'|''", "text[]", "{\"a b\",c,d}|~" },
        { "text", "'[1.10, \"x\"]'|' '", "jsonb", "[1.10, \"x\"]|~" },
        { "text[]", "array['1', 'x']|'{}'", "jsonb", "[\"1\", \"x\"]|[]" },
        { "double precision", "0.30000000000000004|1e25", "jsonb", "0.30000000000000004|10000000000000000000000000" },
        { "bigint", "9223372036854775807|0", "jsonb", "9223372036854775807|0" },
        { "boolean", "true|false", "jsonb", "true|false" },
    };

    [Theory]
    [MemberData(nameof(Exact))]
    public async Task Values_and_defaults_are_kept_exactly(string from, string stored, string to, string expected)
    {
        await using var database = await OpenAsync();
        var (value, fallback) = (stored.Split('|')[0], stored.Split('|')[1]);
        await RunAsync(database, $"create table t (id integer, c {from}); insert into t values (1, {value}), (2, null); alter table t alter column c set default {fallback}");

        await RunAsync(database, (await AdviceAsync(database, to)).Sql!);

        await RunAsync(database, "insert into t values (3)");
        var after = await TextsAsync(database, "select coalesce(c::text, '~') from t order by id");
        var wanted = expected.Split('|');
        Assert.Equal([await WrittenAsync(database, wanted[0]), "~", await WrittenAsync(database, wanted[1])], after);
    }

    [Theory]
    [InlineData("now()")]
    [InlineData("current_timestamp")]
    [InlineData("localtimestamp")]
    public async Task A_default_that_is_the_time_stays_the_time(string clock)
    {
        await using var database = await OpenAsync();
        await RunAsync(database, $"create table t (id integer, c date not null default {clock})");

        await RunAsync(database, (await AdviceAsync(database, "timestamptz")).Sql!);

        Assert.Equal(["0"], await TextsAsync(database, "with made as (insert into t values (1) returning c) select extract(epoch from c - now())::integer::text from made"));
    }

    [Theory]
    [InlineData("text", "'n/a'", "numeric", "22P02")]
    [InlineData("text", "'maybe'", "boolean", "22P02")]
    [InlineData("integer", "2", "boolean", "22P02")]
    [InlineData("numeric", "0.5", "boolean", "22P02")]
    [InlineData("text", "'plain'", "jsonb", "22P02")]
    [InlineData("text", "'[\"a\",\"b\"]'", "text[]", "22P02")]
    [InlineData("text", "'1.5'", "integer", "22P02")]
    public async Task A_value_that_has_no_counterpart_changes_nothing(string from, string value, string to, string code)
    {
        await using var database = await OpenAsync();
        await RunAsync(database, $"create table t (c {from} default null); insert into t values ({value})");

        var refused = await Assert.ThrowsAsync<PostgresException>(async () => await RunAsync(database, (await AdviceAsync(database, to)).Sql!));

        Assert.Equal(code, refused.SqlState);
        Assert.Equal(await TextsAsync(database, $"select ({value})::{from}::text"), await TextsAsync(database, "select c::text from t"));
    }

    [Theory]
    [InlineData("text", "timestamptz", "another moment in each zone")]
    [InlineData("bigint", "timestamptz", "seconds or milliseconds")]
    [InlineData("jsonb", "text[]", "no one form")]
    [InlineData("interval", "text", "no one form")]
    [InlineData("money", "text", "no one form")]
    [InlineData("integer generated by default as identity", "text", "identity")]
    public async Task Where_no_statement_is_right_the_reason_is_given_instead(string from, string to, string reason)
    {
        await using var database = await OpenAsync();
        await RunAsync(database, $"create table t (c {from})");

        var advice = await AdviceAsync(database, to);

        Assert.Null(advice.Sql);
        Assert.Contains(reason, advice.Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("create view v as select c from t", "view \"public\".\"v\" depends")]
    [InlineData("create materialized view v as select c from t", "view \"public\".\"v\" depends")]
    [InlineData("create rule r as on update to t where old.c = 'x' do instead nothing", "rule r on table t depends")]
    [InlineData("alter table t add g text generated always as (c || 'x') stored", "generated column \"g\" depends")]
    [InlineData("alter table t add constraint k check (c <> 'x')", "constraint k on table t depends")]
    [InlineData("alter table t add unique (c); create table u (c varchar(9) constraint k references t (c))", "constraint k on table u depends")]
    [InlineData("create table u (c varchar(9) unique); alter table t add constraint k foreign key (c) references u (c)", "constraint k on table t depends")]
    [InlineData("create index i on t (id) where c = 'x'", "index i depends")]
    [InlineData("create index i on t (upper(c))", "index i depends")]
    [InlineData("create index i on t (c varchar_pattern_ops)", "index i depends")]
    [InlineData("create policy p on t using (c = 'x')", "policy p on table t depends")]
    [InlineData("create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger g before update on t for each row when (old.c = 'x') "
        + "execute function f()", "trigger g on table t depends")]
    [InlineData("create publication b for table t where (c = 'x')", "publication b depends")]
    [InlineData("create function f() returns bigint return (select count(*) from t where c = 'x')", "function f() depends")]
    [InlineData("drop table t; create table t (id integer, c varchar(9)) partition by list (c)", "the key by which it is partitioned depends")]
    [InlineData("create table o (c varchar(9)); drop table t; create table t (id integer) inherits (o)", "the table \"public\".\"o\", which has the column depends")]
    [InlineData("create view v as select c from t; create view w as select c from t", "view \"public\".\"v\", view \"public\".\"w\" depend on")]
    public async Task What_depends_on_the_column_is_named_instead_of_a_statement_that_would_fail(string sql, string what)
    {
        await using var database = await OpenAsync();
        await RunAsync(database, $"create table t (id integer, c varchar(9)); {sql}");

        var advice = await AdviceAsync(database, "jsonb");

        Assert.Null(advice.Sql);
        Assert.Contains(what, advice.Note, StringComparison.Ordinal);
        Assert.Contains("do so around the change", advice.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_indexes_and_statistics_do_not_forbid_a_change()
    {
        await using var database = await OpenAsync();
        await RunAsync(
            database,
            "create table t (id integer, c text default '{}' primary key); create index on t using hash (c); create index on t (id, c desc); create statistics s on id, c from t; "
            + "insert into t values (1, '[]')");

        await RunAsync(database, (await AdviceAsync(database, "jsonb")).Sql!);

        Assert.Equal(["[]"], await TextsAsync(database, "select c::text from t"));
    }

    [Theory]
    [InlineData("alter table agent drop column slug, add column slug text generated always as (name) stored", "slug", "'kept'")]
    [InlineData("alter table agent drop column commission, add column commission integer generated always as identity", "commission", "5")]
    public async Task A_column_that_the_database_writes_can_be_given_to_runs_as_advised(string sql, string column, string value)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"insert into agent (bubble_id, name) values ('{SyncFixture.Id(1)}', 'kept'); {sql}");
        var before = await fixture.RowAsync($"select {column} from agent");

        await fixture.ExecuteAsync(await AdviceOfRunAsync(fixture));
        await fixture.ExecuteAsync($"update agent set {column} = {column}; insert into agent (bubble_id, {column}) values ('{SyncFixture.Id(2)}', {value})");

        Assert.Equal(before, await fixture.RowAsync($"select {column} from agent where bubble_id = '{SyncFixture.Id(1)}'"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
    }

    [Theory]
    [InlineData("alter table agent alter updated_at type date", "updated_at", "2026-03-01", "2026-03-01T00:00:00Z")]
    [InlineData("alter table agent alter created_at type text", "created_at", "1 March", "~")]
    [InlineData("alter table agent alter modified_date type text", "modified_date", "1 March", "~")]
    [InlineData("alter table agent alter deleted_in_bubble_at type text", "deleted_in_bubble_at", "1 March", "~")]
    [InlineData("alter table agent alter last_update_annual_sales type text", "last_update_annual_sales", "1 March", "1 March")]
    [InlineData("alter table agent alter current_annual_sales type money", "current_annual_sales", "0.10", "0.10")]
    public async Task The_advice_of_a_run_as_it_is_printed_keeps_what_is_stored(string sql, string column, string value, string expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter database \"{new NpgsqlConnectionStringBuilder(fixture.Connection).Database}\" set timezone to '{Zone}'");
        await fixture.ExecuteAsync($"{sql}; insert into agent (bubble_id, {column}) values ('{SyncFixture.Id(1)}', '{value}')");

        await fixture.ExecuteAsync(await AdviceOfRunAsync(fixture));

        Assert.Equal(expected, await fixture.RowAsync($"select {column} from agent"));
    }

    // What stands behind the words that announce it, up to the last semicolon.
    private static async Task<string> AdviceOfRunAsync(SyncFixture fixture)
    {
        var error = (await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"))).Errors[0].Message;
        return Announced().Match(error).Groups[1].Value;
    }

    [GeneratedRegex(": ((?:set extra|alter table).*;)")]
    private static partial Regex Announced();

    private static async Task<ColumnChange> AdviceAsync(NpgsqlConnection database, string to) =>
        ColumnChange.Of("public", "t", (await CatalogueReader.ReadAsync(database, "public", CancellationToken.None)).Tables["t"].Columns["c"], to);

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync()) { Pooling = false };
        await using (var first = new NpgsqlConnection(connection.ConnectionString))
        {
            await first.OpenAsync();
            await RunAsync(
                first,
                $"alter database {connection.Database} set timezone to '{Zone}'; alter database {connection.Database} set extra_float_digits to -3; "
                + $"alter database {connection.Database} set datestyle to 'SQL, DMY'");
        }

        var database = new NpgsqlConnection(connection.ConnectionString);
        await database.OpenAsync();
        return database;
    }

    // An expected value that is an expression.
    private static async Task<string> WrittenAsync(NpgsqlConnection database, string expected) =>
        expected.Contains("::", StringComparison.Ordinal)
            ? (await TextsAsync(database, $"set extra_float_digits = 3; select ({expected})::text"))[^1]
            : expected;

    private static async Task RunAsync(NpgsqlConnection database, string sql)
    {
        await using var command = new NpgsqlCommand(sql, database);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> TextsAsync(NpgsqlConnection database, string sql)
    {
        await using var command = new NpgsqlCommand($"set timezone = 'UTC'; set datestyle = 'ISO'; {sql}; reset timezone; reset datestyle", database);
        await using var reader = await command.ExecuteReaderAsync();
        var texts = new List<string>();
        do
        {
            while (await reader.ReadAsync())
                texts.Add(reader.GetString(0));
        }
        while (await reader.NextResultAsync());
        return texts;
    }
}
