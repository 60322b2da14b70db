using System.Globalization;
using System.Text.Json;
using BubbleSync.Tests.Transform;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>
/// Random values in every type of column. Whether a column can hold a value is for PostgreSQL to say: what comes back from a cast there and back must be the
/// same value. Such a value is loaded and is the same; any other rejects its record.
/// </summary>
public sealed class ColumnTypeProperties(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Batch = 40;

    private const string Setup =
        """
        create type mood as enum ('calm', 'Very Happy', 'né', '', ' calm');
        create function holds(condition text, value text) returns boolean language plpgsql as $$
        declare result boolean;
        begin
          execute 'select ' || condition into result using value;
          return coalesce(result, false);
        exception when others then
          return false;
        end $$
        """;

    private static readonly Gen<Value> Decimals = Gen.OneOf(
        Samples.Decimals.Select(d => d.ToString()),
        Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(-25, 25)).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Item1}e{p.Item2}")),
        Gen.Choose(int.MinValue, int.MaxValue).Two().Select(p => BitConverter.Int64BitsToDouble(((long)p.Item1 << 32) | (uint)p.Item2))
            .Where(double.IsFinite).Select(d => d.ToString("R", CultureInfo.InvariantCulture)),
        Gen.Choose(int.MinValue, int.MaxValue).Select(BitConverter.Int32BitsToSingle)
            .Where(float.IsFinite).Select(f => f.ToString("R", CultureInfo.InvariantCulture))).Select(text => new Value(text, text));

    private static readonly Gen<Value> Moments = Gen.OneOf(
        Samples.Moments.Select(m => new Value($"\"{m}\"", Utc(m.Utc))),
        Gen.Choose(0, 3_652_058).Select(day => Utc(DateTime.MinValue.AddDays(day))).Select(text => new Value($"\"{text}\"", text)));

    private static readonly Gen<Value> Words = Gen.OneOf(
            Gen.Elements("calm", "Very Happy", "né", "", " calm", "CALM", "calm "),
            Samples.Texts,
            Gen.Choose(0, int.MaxValue).Select(n => new Guid(n, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10]).ToString(n % 3 == 0 ? "N" : "D")))
        .Zip(Gen.Choose(0, int.MaxValue))
        .Select(p => new Value(Samples.Json(p.Item1, new System.Random(p.Item2)), Storable(p.Item1)));

    private static readonly Gen<Value> Lists = Words.ListOf().Select(words => new Value(
        $"[{string.Join(',', words.Select(w => w.Json))}]", JsonSerializer.Serialize(words.Select(w => w.Text).Where(t => !string.IsNullOrWhiteSpace(t)))));

    private static readonly Column[] Columns =
    [
        new("numeric", "double precision", Decimals, "{0}::numeric", "{0}::double precision", "{0}::text::numeric"),
        new("numeric", "real", Decimals, "{0}::numeric", "{0}::real", "{0}::text::numeric"),
        new("numeric", "numeric(12,3)", Decimals, "{0}::numeric", "{0}::numeric(12,3)", "{0}"),
        new("integer", "double precision", Decimals, "case when {0}::numeric = trunc({0}::numeric) then {0}::numeric end", "{0}::float8", "{0}::text::numeric"),
        new("integer", "smallint", Decimals, "{0}::numeric", "{0}::numeric::smallint", "{0}::numeric"),
        new("integer", "bigint", Decimals, "{0}::numeric", "{0}::numeric::bigint", "{0}::numeric"),
        new("timestamptz", "timestamp", Moments, "{0}::timestamptz", "{0}::timestamptz::timestamp", "{0} at time zone 'UTC'"),
        new("timestamptz", "timestamp(3)", Moments, "{0}::timestamptz", "{0}::timestamptz::timestamp(3)", "{0} at time zone 'UTC'"),
        new("timestamptz", "timestamptz(0)", Moments, "{0}::timestamptz", "{0}::timestamptz(0)", "{0}"),
        new("timestamptz", "date", Moments, "{0}::timestamptz", "{0}::timestamptz::date", "{0}::timestamp at time zone 'UTC'"),
        new("text", "mood", Words, "{0}", "{0}::mood", "{0}::text"),
        new("text", "uuid", Words, "case when {0} ~ '^.{{8}}(-.{{4}}){{3}}-.{{12}}$' then lower({0}) end", "{0}::uuid", "{0}::text"),
        new("text", "char(6)", Words, "case when length({0}) <= 6 then {0}::bpchar end", "{0}::char(6)", "{0}"),
        new("text", "varchar(6)", Words, "{0}", "{0}::varchar(6)", "{0}::text"),
        new("text[]", "varchar(6)[]",
            Lists, "array(select json_array_elements_text({0}::json))", "array(select json_array_elements_text({0}::json))::varchar(6)[]", "{0}::text[]"),
    ];

    [Fact]
    public void A_value_is_the_same_in_its_column_or_rejects_its_record() => Check.One(
        FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2),
        Prop.ForAll(Gen.CollectToArray(Columns.Select(c => c.Values.ArrayOf(Batch))).ToArbitrary(), HoldsAsync));

    private async Task HoldsAsync(Value[][] values)
    {
        await using var fixture = await ThingTable.OpenAsync(postgres, [.. Columns.Select((c, i) => new ThingColumn($"c{i}", c.Type, c.InTable))], Setup);
        foreach (var (column, place, value) in values.SelectMany((all, column) => all.Select((value, place) => (column, place, value))))
            fixture.Put("thing", SyncFixture.Record((column * Batch) + place, SyncFixture.Early, $"\"c{column}\": {value.Json}"));

        await fixture.ResyncAsync("thing");

        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(fixture.Connection) { Timezone = "UTC" }.ConnectionString);
        foreach (var (number, column) in Columns.Index())
        {
            await using var command = database.CreateCommand(
                $"""
                select v.text, holds(@fits, v.text), t.bubble_id is not null,
                  case when t.bubble_id is not null then ({Column.Fill(column.Reads, $"t.c{number}")}) is not distinct from ({Column.Fill(column.Is,
                    "v.text")}) end
                from unnest(@ids, @texts) v (id, text) left join thing t on t.bubble_id = v.id
                """);
            command.Parameters.AddWithValue("fits", column.Fits);
            command.Parameters.AddWithValue("ids", Enumerable.Range(number * Batch, Batch).Select(SyncFixture.Id).ToArray());
            command.Parameters.AddWithValue("texts", values[number].Select(v => v.Text).ToArray());
            await using var rows = await command.ExecuteReaderAsync(fixture.Limit);
            while (await rows.ReadAsync(fixture.Limit))
            {
                var what = $"{rows.GetString(0)} as {column.Type} in {column.InTable}";
                Assert.Equal((what, rows.GetBoolean(1)), (what, rows.GetBoolean(2)));
                Assert.True(rows.IsDBNull(3) || rows.GetBoolean(3), $"{what} has changed");
            }
        }
    }

    private static string Utc(DateTime moment) => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Storable(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => rune.ToString())).Replace("\0", "", StringComparison.Ordinal);

    private sealed record Value(string Json, string Text);

    /// <summary>A type of column.</summary>
    /// <param name="Type">The type in the map.</param>
    /// <param name="InTable">The type in the table.</param>
    /// <param name="Values">What is sent.</param>
    /// <param name="Is">The value, of its text; null where it may not be loaded.</param>
    /// <param name="Cast">The column's value, of the text.</param>
    /// <param name="Reads">The value again, of the column's value.</param>
    private sealed record Column(string Type, string InTable, Gen<Value> Values, string Is, string Cast, string Reads)
    {
        public string Fits => $"({Fill(Is, "$1")}) = ({Fill(Reads, $"({Fill(Cast, "$1")})")})";

        public static string Fill(string expression, string value) => string.Format(CultureInfo.InvariantCulture, expression, value);
    }
}
