using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Transform;
using BubbleSync.Tests.Performance;
using BubbleSync.Tests.Plan;
using Xunit;

namespace BubbleSync.Tests.Transform;

/// <summary>Which fields of a record go into the column of unmapped fields, and what it costs.</summary>
public sealed class UnmappedFieldTests
{
    private const string Column = "others";
    private const int ManyNames = 2500;

    [Theory]
    [InlineData("""  "A": 1 """, "null")]
    [InlineData("""  "X": 1.50, "A": 1, "x": 2 """, """{"X":1.50,"x":2}""")]
    [InlineData("""  "X": null, "Y": "" """, """{"X":null,"Y":""}""")]
    [InlineData("""  "X": { "b" : [ 1 , 2.0 ] , "a" : "\u00e9\n" } """, """{"X":{"b":[1,2.0],"a":"é\n"}}""")]
    [InlineData("""  "\u0058": 1, "\"q\"": 2 """, """{"X":1,"\"q\"":2}""")]
    // A line reads the first of its names that has a value; the value of a later one is lost to it.
    [InlineData("""  "A": "1", "B": "2", "C": "3" """, """{"B":"2","C":"3"}""")]
    [InlineData("""  "B": "2", "C": "3" """, """{"C":"3"}""")]
    [InlineData("""  "A": " ", "B": null, "C": "3" """, "null")]
    [InlineData("""  "A": "1", "B": null, "C": " " """, "null")]
    [InlineData("""  "A": null """, "null")]
    // Another line reads this one too, first of its names.
    [InlineData("""  "D": "4", "E": "5" """, "null")]
    // Only a part of this one is read, and this one is read whole as well.
    [InlineData("""  "O": {"in": "i", "out": 1} """, """{"O":{"in":"i","out":1}}""")]
    [InlineData("""  "P": {"in": "i", "out": 1} """, "null")]
    [InlineData("""  "Ignored": 1, "Created Date": "2026-01-01T00:00:00Z" """, """{"Created Date":"2026-01-01T00:00:00Z"}""")]
    public void A_field_is_kept_where_no_column_has_its_value(string fields, string kept) => Assert.Equal(kept, Kept(Of(), fields));

    [Fact]
    public void Without_the_column_nothing_is_kept()
    {
        var mapping = Of(Map() with { Unmapped = null });

        var row = mapping.Map($$"""{"_id": "{{Mapping.Id}}", "X": 1}""").Rows[0];

        Assert.False(row.Values.ContainsKey(Column));
    }

    [Fact]
    public void Names_that_are_data_are_kept_under_their_own_names_and_ignored_ones_stay_ignored()
    {
        var mapping = Of();
        foreach (var first in Enumerable.Range(0, ManyNames / 100))
            mapping.Map($$"""{"_id": "{{Mapping.Id}}", {{string.Join(',', Enumerable.Range(first * 100, 100).Select(n => $"\"n{n}\": {n}"))}}}""");

        Assert.Equal("""{"late":1,"later":2}""", Kept(mapping, "\"late\": 1, \"Ignored\": 3, \"later\": 2"));
    }

    [Fact]
    public void A_record_without_unmapped_fields_costs_what_it_costs_without_the_column()
    {
        var record = $$"""{"_id": "{{Mapping.Id}}", "A": "1", "D": "2", "Ignored": 5}""";
        var (with, without) = (new RecordMapper(Plan(Map())), new RecordMapper(Plan(Map() with { Unmapped = null })));

        Assert.Equal(MappedPage.LeastAllocated(without, record), MappedPage.LeastAllocated(with, record));
    }

    [Fact]
    public void An_unmapped_field_costs_no_object_of_its_own()
    {
        var fields = string.Join(',', Enumerable.Range(0, 20).Select(n => $"\"X{n}\": [\"text\", 1.5, true]"));
        var mapper = new RecordMapper(Plan(Map()));

        var few = MappedPage.LeastAllocated(mapper, $$"""{"_id": "{{Mapping.Id}}", "X": "text"}""");
        var many = MappedPage.LeastAllocated(mapper, $$"""{"_id": "{{Mapping.Id}}", {{fields}}}""");

        // The list of fields grows once for the whole page.
        Assert.InRange(many - few, 0, 16_000);
    }

    [Fact]
    public void Rows_that_were_staged_with_other_ignored_names_are_not_those_of_this_map()
    {
        static string Label(EntityMap map) => StagingLabel.Of(Plan(map), Guid.Empty);

        Assert.NotEqual(Label(Map()), Label(Map() with { Ignored = ["Other"] }));
        Assert.Equal(Label(Map() with { Unmapped = null }), Label(Map() with { Unmapped = null, Ignored = ["Other"] }));
    }

    private static EntityMap Map() =>
        TestTable.Map(
            "thing",
            TestTable.Field("a", "text", "A", "B") with { Fallback = ["C"] },
            TestTable.Field("d", "text", "D", "E"),
            TestTable.Field("e", "text", "E"),
            TestTable.Field("o", "text", "O") with { Path = ["in"] },
            TestTable.Field("p", "text", "P") with { Path = ["in"] },
            TestTable.Field("whole", "jsonb", "P")) with
        { Unmapped = Column, Ignored = ["Ignored"] };

    private static EntityPlan Plan(EntityMap map) => TestTable.Plan(
        map, [.. "adeop".Select(name => TestTable.Column($"{name}", "text")), TestTable.Column("whole", "jsonb"), TestTable.Column(Column, "jsonb")]);

    private static Mapping Of(EntityMap? map = null) => new(Plan(map ?? Map()));

    private static string Kept(Mapping mapping, string fields)
    {
        var row = mapping.Map($$"""{"_id": "{{Mapping.Id}}", {{fields}}}""").Rows[0];
        return (string?)row.Values[Column] ?? (row.Nulls.Contains(Column) ? "null" : "absent");
    }
}
