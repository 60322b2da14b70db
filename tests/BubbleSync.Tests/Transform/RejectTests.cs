using BubbleSync.Etl.Messages;
using BubbleSync.Tests.Plan;
using Xunit;

namespace BubbleSync.Tests.Transform;

public class RejectTests
{
    private const string Other = "1700000000001x2";

    [Theory]
    [InlineData("5", "the record is no object")]
    [InlineData("null", "the record is no object")]
    [InlineData("\"text\"", "the record is no object")]
    [InlineData("[{\"_id\":\"1x2\"}]", "the record is no object")]
    [InlineData("{}", "the record has no _id")]
    [InlineData("{\"id\":\"1x2\",\"unique id\":\"1x2\"}", "the record has no _id")]
    [InlineData("{\"_id\":null}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":12}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"12\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"x12\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"12x\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"1x2x3\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"1X2\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\" 1x2\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"1x2\\n\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"1x2'; drop table invoice\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":\"1x2\",\"_id\":\"admin_user_app_test\"}", "the _id is not of the form digits x digits")]
    [InlineData("{\"_id\":{\"_id\":\"1x2\"}}", "the _id is not of the form digits x digits")]
    public void A_record_without_a_usable_id_is_rejected_whole_and_its_neighbours_are_not(string record, string reason)
    {
        var mapped = Mapping.Of("numeric", "numeric").Map($$"""{"_id":"{{Mapping.Id}}","Value":1}""", record, $$"""{"_id":"{{Other}}","Value":2}""");

        Assert.Equal(new Reject(null, 1001, "_id", reason, record), Assert.Single(mapped.Rejects));
        Assert.Equal([(Mapping.Id, "1", 1000), (Other, "2", 1002)], mapped.Rows.Select(
            r => ((string)r.Values["bubble_id"]!, (string)r.Values["value"]!, r.Read)));
        Assert.Equal(2, mapped.RowCount);
    }

    [Fact]
    public void Every_field_that_does_not_convert_is_told_with_the_raw_record()
    {
        var map = TestTable.Map(
            "thing", TestTable.Field("qty", "integer", "QTY", "Qty"), TestTable.Field("paid", "boolean", "Paid?"), TestTable.Field("note", "text", "Note"));
        var mapping = Mapping.Of(map, TestTable.Column("qty", "smallint"), TestTable.Column("paid", "boolean"), TestTable.Column("note", "text"));
        const string Bad = $$"""{ "_id" : "{{Mapping.Id}}", "Qty":70000, "Paid?":"perhaps", "Note":"secret \u0000", "Modified Date":"2024-01-01T00:00:00Z" }""";

        var mapped = mapping.Map($$"""{"_id":"{{Other}}","QTY":1}""", Bad);

        Assert.Equal(
            [
                new Reject(Mapping.Id, 1001, "QTY", "the number does not fit smallint", Bad),
                new Reject(Mapping.Id, 1001, "Paid?", "a text of 7 bytes is not a boolean", Bad),
            ],
            mapped.Rejects);
    }

    [Fact]
    public void A_rejected_record_leaves_a_mark_with_its_key_and_date_only()
    {
        var map = TestTable.Map("thing", TestTable.Field("note", "text", "Note") with { AbsentClears = true }, TestTable.Field("qty", "integer", "QTY"));
        var mapping = Mapping.Of(map, TestTable.Column("note", "text"), TestTable.Column("qty", "integer"));

        var row = mapping.Map($$"""{"_id":"{{Mapping.Id}}","Note":null,"QTY":"many","Modified Date":"2024-01-01T00:00:00+08:00"}""").Rows[0];

        Assert.True(row.IsRejected);
        Assert.Equal(Mapping.Id, row.Values["bubble_id"]);
        Assert.Equal("2023-12-31T16:00:00.000000Z", row.Values["modified_date"]);
        Assert.Equal((null, null), (row.Values["note"], row.Values["qty"]));
        Assert.Empty(row.Nulls);
    }

    [Theory]
    [InlineData("\"yesterday\"")]
    [InlineData("true")]
    [InlineData("{}")]
    public void A_Modified_Date_that_does_not_convert_rejects_too(string date)
    {
        var mapped = Mapping.Of("numeric", "numeric").Map($$"""{"_id":"{{Mapping.Id}}","Modified Date":{{date}},"Value":"x"}""");

        Assert.Equal(["Modified Date", "Value"], mapped.Rejects.Select(r => r.Field));
        Assert.Null(mapped.Rows[0].Values["modified_date"]);
        Assert.True(mapped.Rows[0].IsRejected);
    }

    [Fact]
    public void The_key_may_have_any_name_and_other_sources()
    {
        var map = TestTable.Map("thing") with
        {
            Key = "customer_id",
            Fields = [TestTable.Field("modified_date", "timestamptz", "Modified Date"), TestTable.Field(
                "customer_id", "text", "_id", "unique id"), TestTable.Field("qty", "integer", "QTY")],
        };
        var mapping = Mapping.Of(map, TestTable.Column("customer_id", "text"), TestTable.Column("qty", "integer"));

        var mapped = mapping.Map($$"""{"unique id":"9x9","_id":"{{Mapping.Id}}"}""", $$"""{"_id":"{{Other}}","QTY":"many"}""");

        Assert.Equal([(Mapping.Id, false), (Other, true)], mapped.Rows.Select(r => ((string)r.Values["customer_id"]!, r.IsRejected)));
    }

    [Fact]
    public void A_page_without_records_gives_no_rows()
    {
        var mapped = Mapping.Of("text", "text").Map();

        Assert.Empty(mapped.Rows);
        Assert.Empty(mapped.Rejects);
    }

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(130)]
    public void Nulls_are_marked_for_any_number_of_columns(int count)
    {
        var names = Enumerable.Range(0, count).Select(i => $"c{i}").ToList();
        var map = TestTable.Map("thing", [.. names.Select(n => TestTable.Field(n, "text", n))]);
        var mapping = Mapping.Of(map, [.. names.Select(n => TestTable.Column(n, "text"))]);

        foreach (var name in names)
        {
            var row = mapping.Map($$"""{"_id":"{{Mapping.Id}}","{{name}}":null}""").Rows[0];

            Assert.Equal([name], row.Nulls);
        }
    }

    [Fact]
    public void Names_are_tallied_as_Bubble_writes_them_mapped_or_not()
    {
        var mapping = Mapping.Of("text", "text");

        mapping.Map($$"""{"_id":"1x1","V\u0061lue":"a","Extra é":null}""", """{"_id":"1x2","Value":"a","\ud800":1}""");

        var present = mapping.Mapper.Tally.Present.GroupBy(p => p.Key.Name).ToDictionary(g => g.Key, g => g.Sum(p => p.Value));
        Assert.Equal(new Dictionary<string, long> { ["_id"] = 2, ["Value"] = 2, ["Extra é"] = 1, ["\uFFFD"] = 1 }, present);
    }

    [Fact]
    public void A_note_names_an_example()
    {
        var mapping = Mapping.Of("text", "text");

        mapping.Map("""{"_id":"1x1","Value":"a"}""", """{"_id":"1x2","Value":"\u0000"}""", """{"_id":"1x3","Value":"\u0000"}""");

        Assert.Equal((2, "1x2"), mapping.Mapper.Tally.Notes[(2, Etl.Transform.FieldTypes.TextNotes.Removed)]);
    }

    [Theory]
    [InlineData("1x1", true)]
    [InlineData("1700000000000x123456789012345678", true)]
    [InlineData("x", false)]
    [InlineData("", false)]
    [InlineData("1xx1", false)]
    [InlineData("-1x1", false)]
    [InlineData("١x١", false)]
    public void The_form_of_an_id_is_digits_x_digits(string id, bool isValid)
    {
        Assert.Equal(isValid, BubbleId.IsValid(System.Text.Encoding.UTF8.GetBytes(id)));
        Assert.Equal(isValid, System.Text.RegularExpressions.Regex.IsMatch(id, BubbleId.Pattern));
    }
}
