using BubbleSync.Tests.Plan;
using Xunit;

namespace BubbleSync.Tests.Transform;

/// <summary>Absent, null and blank; which of several names and sources counts.</summary>
public class PresenceTests
{
    private const string Blank = "\" \\t\\u00a0\\u2003\\u3000\"";

    [Theory]
    [InlineData("text", "text")]
    [InlineData("url", "text")]
    [InlineData("text[]", "text[]")]
    [InlineData("url[]", "text[]")]
    [InlineData("integer", "integer")]
    [InlineData("numeric", "numeric")]
    [InlineData("boolean", "boolean")]
    [InlineData("timestamptz", "timestamp with time zone")]
    [InlineData("jsonb", "jsonb")]
    public void Absent_is_not_null(string type, string column)
    {
        var mapping = Mapping.Of(type, column);

        Assert.Equal("absent", mapping.Stored(""));
        Assert.Equal("null", mapping.Stored("\"Value\":null"));
    }

    [Theory]
    [InlineData("url", "text")]
    [InlineData("text[]", "text[]")]
    [InlineData("url[]", "text[]")]
    [InlineData("integer", "integer")]
    [InlineData("numeric", "numeric")]
    [InlineData("boolean", "boolean")]
    [InlineData("timestamptz", "timestamp with time zone")]
    [InlineData("jsonb", "jsonb")]
    public void A_blank_text_counts_as_absent_in_any_type_but_text(string type, string column)
    {
        var mapping = Mapping.Of(type, column);

        Assert.Equal("absent", mapping.Stored("\"Value\":\"\""));
        Assert.Equal("absent", mapping.Stored($"\"Value\":{Blank}"));
        Assert.Equal("absent", mapping.Stored("\"Value\":\"\u00a0\""));
        Assert.Equal("absent", mapping.Stored("\"Value\":\"\\u0000\""));
        Assert.Equal("", Mapping.Of("text", "text").Stored("\"Value\":\"\""));
    }

    [Theory]
    [InlineData(false, null, false)]
    [InlineData(false, true, true)]
    [InlineData(true, null, true)]
    [InlineData(true, false, false)]
    public void A_map_or_a_field_may_turn_omission_into_null_but_only_when_it_is_merged(bool entityClears, bool? fieldClears, bool clears)
    {
        var field = TestTable.Field("value", "numeric", "Value") with { AbsentClears = fieldClears };
        var plan = TestTable.Plan(TestTable.Map("thing", field) with { AbsentClears = entityClears }, TestTable.Column("value", "numeric"));
        var mapping = new Mapping(plan);

        Assert.Equal(clears, plan.Columns.Single(c => c.Name == "value").AbsentClears);
        Assert.Equal("absent", mapping.Stored(""));
        Assert.Equal("absent", mapping.Stored("\"Value\":\"\""));
        Assert.Equal("null", mapping.Stored("\"Value\":null"));
        Assert.Equal("0", mapping.Stored("\"Value\":0"));
    }

    [Fact]
    public void A_null_for_a_column_that_must_not_be_empty_rejects_the_record_and_an_omission_does_not()
    {
        var mapping = Mapping.Of(TestTable.Field("value", "text", "Value"), "text", isRequired: true);

        Assert.Equal("absent", mapping.Stored(""));
        Assert.Equal("rejected", mapping.Stored("\"Value\":null"));
        Assert.Equal("null, but the column must not be empty", mapping.Map($$"""{"_id":"{{Mapping.Id}}","Value":null}""").Rejects[0].Reason);
        Assert.Equal("rejected", Mapping.Of(TestTable.Field("value", "text", "Value") with { AbsentClears = true }, "text", isRequired: true).Stored(""));
    }

    [Theory]
    [InlineData("\"Total Amount\":1,\"Amount\":2", "1")]
    [InlineData("\"Amount\":2,\"Total Amount\":1", "1")]
    [InlineData("\"Amount\":2", "2")]
    [InlineData("\"Total Amount\":null,\"Amount\":2", "2")]
    [InlineData("\"Total Amount\":\"\",\"Amount\":2", "2")]
    [InlineData("\"Total Amount\":\"\\u00a0\",\"Amount\":\"2.50\"", "2.50")]
    [InlineData("\"Total Amount\":0,\"Amount\":2", "0")]
    [InlineData("\"Total Amount\":null,\"Amount\":null", "null")]
    [InlineData("\"Total Amount\":null", "null")]
    [InlineData("\"Total Amount\":\"\",\"Amount\":null", "null")]
    [InlineData("\"Total Amount\":null,\"Amount\":\" \"", "null")]
    [InlineData("\"Total Amount\":\"\",\"Amount\":\"\"", "absent")]
    [InlineData("\"Total Amount\":\"abc\",\"Amount\":2", "rejected")]
    public void Of_several_sources_the_first_that_holds_something_counts(string fields, string expected)
    {
        var mapping = Mapping.Of(TestTable.Field("value", "numeric", "Total Amount") with { Fallback = ["Amount"] }, "numeric");

        Assert.Equal(expected, mapping.Stored(fields));
    }

    [Theory]
    [InlineData("\"Contact\":\"1\",\"phone\":\"2\",\"contact\":\"3\",\"Whatsapp\":\"4\"", "1")]
    [InlineData("\"Whatsapp\":\"4\",\"contact\":\"3\",\"phone\":\"2\"", "2")]
    [InlineData("\"Whatsapp\":\"4\",\"contact\":\"3\"", "3")]
    [InlineData("\"Whatsapp\":\"4\",\"CONTACT\":\"5\"", "4")]
    [InlineData("\"Whatsapp\":\"4\"", "4")]
    [InlineData("\"WhatsApp\":\"6\"", "absent")]
    [InlineData("\"Contact\":\"\",\"phone\":\" \",\"contact\":null,\"Whatsapp\":\"4\"", "4")]
    [InlineData("\"Contact\":\" \",\"Whatsapp\":null", " ")]
    [InlineData("\"Contact\":null,\"Whatsapp\":\"\"", "")]
    [InlineData("\"Contact\":\"\",\"Whatsapp\":\"  \"", "")]
    [InlineData("\"PHONE\":\"7\"", "absent")]
    public void Names_are_tried_in_order_then_the_next_source_and_no_other_name_is(string fields, string expected)
    {
        var mapping = Mapping.Of(TestTable.Field("value", "text", "Contact", "phone", "contact") with { Fallback = ["Whatsapp"] }, "text");

        Assert.Equal(expected, mapping.Stored(fields));
    }

    [Theory]
    [InlineData("1st Payment %")]
    [InlineData("1st\\u0020Payment %")]
    [InlineData("\\u0031st Payment \\u0025")]
    public void A_name_is_found_however_its_letters_are_escaped(string name)
    {
        Assert.Equal("5", Mapping.Of(TestTable.Field("value", "integer", "1st Payment %"), "integer").Stored($"\"{name}\":5"));
    }

    [Theory]
    [InlineData("1st Payment")]
    [InlineData("1st_payment")]
    [InlineData("1ST-PAYMENT %")]
    [InlineData(" 1st Payment % ")]
    [InlineData("1stPayment")]
    [InlineData("1st Payment 2")]
    [InlineData("st Payment")]
    [InlineData("")]
    public void A_name_that_differs_in_a_sign_is_another_name(string name)
    {
        Assert.Equal("absent", Mapping.Of(TestTable.Field("value", "integer", "1st Payment %"), "integer").Stored($"\"{name}\":5"));
    }

    [Fact]
    public void A_name_without_letters_or_digits_is_not_taken_for_another_one()
    {
        Assert.Equal("absent", Mapping.Of(TestTable.Field("value", "text", "🔥"), "text").Stored("\"★\":\"x\""));
    }

    [Fact]
    public void A_name_that_one_field_lists_is_never_taken_by_another()
    {
        var map = TestTable.Map("thing", TestTable.Field("first", "text", "Linked Invoice"), TestTable.Field("second", "text", "Other", "LINKED-INVOICE"));
        var mapping = Mapping.Of(map, TestTable.Column("first", "text"), TestTable.Column("second", "text"));

        var row = mapping.Map($$"""{"_id":"{{Mapping.Id}}","LINKED-INVOICE":"x"}""").Rows[0];

        Assert.Null(row.Values["first"]);
        Assert.Equal("x", row.Values["second"]);
    }

    [Fact]
    public void One_name_may_feed_several_columns()
    {
        var map = TestTable.Map(
            "thing", TestTable.Field("total", "numeric", "Total Amount") with { Fallback = ["Amount"] }, TestTable.Field("amount", "numeric", "Amount"));
        var mapping = Mapping.Of(map, TestTable.Column("total", "numeric"), TestTable.Column("amount", "numeric"));

        var row = mapping.Map($$"""{"_id":"{{Mapping.Id}}","Amount":"7.0"}""").Rows[0];

        Assert.Equal(("7.0", "7.0"), (row.Values["total"], row.Values["amount"]));
    }

    [Theory]
    [InlineData("\"Value\":1,\"Value\":2", "2")]
    [InlineData("\"Value\":1,\"\\u0056alue\":2", "2")]
    [InlineData("\"\\u0056alue\":2,\"Value\":1", "1")]
    [InlineData("\"Value\":1,\"Value\":null", "null")]
    [InlineData("\"Value\":\"abc\",\"Value\":2", "2")]
    public void Of_one_name_twice_the_last_counts(string fields, string expected)
    {
        Assert.Equal(expected, Mapping.Of("numeric", "numeric").Stored(fields));
    }

    [Theory]
    [InlineData("""{"email":{"email":"a@b.c","email_confirmed":true}}""", "a@b.c")]
    [InlineData("""{"api":{},"\u0065mail":{"e\u006dail":"a@b.c"}}""", "a@b.c")]
    [InlineData("""{"email":{"email":"1"},"email":{"email":"2"}}""", "2")]
    [InlineData("""{"email":{"email":12.0}}""", "12.0")]
    [InlineData("""{"email":{"email":""}}""", "")]
    [InlineData("""{"email":{"email":null}}""", "null")]
    [InlineData("""{"email":{}}""", "absent")]
    [InlineData("""{"Email":{"email":"a@b.c"}}""", "absent")]
    [InlineData("""{"email":null}""", "null")]
    [InlineData("""{"email":""}""", "absent")]
    [InlineData("{}", "absent")]
    [InlineData("null", "null")]
    [InlineData("\" \"", "absent")]
    [InlineData("\"a@b.c\"", "rejected")]
    [InlineData("12", "rejected")]
    [InlineData("true", "rejected")]
    [InlineData("[]", "rejected")]
    [InlineData("""{"email":"a@b.c"}""", "rejected")]
    [InlineData("""{"email":[{"email":"a@b.c"}]}""", "rejected")]
    [InlineData("""{"email":{"email":"a@b.c","\ud800":1},"\udc00x":{}}""", "a@b.c")]
    public void A_path_leads_into_nested_objects(string authentication, string expected)
    {
        var mapping = Mapping.Of(TestTable.Field("value", "text", "authentication") with { Path = ["email", "email"] }, "text");

        Assert.Equal(expected, mapping.Stored($"\"authentication\":{authentication}"));
    }

    [Fact]
    public void A_reason_names_the_path_and_not_the_value()
    {
        var mapping = Mapping.Of(TestTable.Field("value", "text", "authentication") with { Path = ["email", "email"] }, "text");

        var reject = Assert.Single(mapping.Map($$"""{"_id":"{{Mapping.Id}}","authentication":"secret"}""").Rejects);

        Assert.Equal(("authentication", "a text of 6 bytes is not an object with 'email.email' in it"), (reject.Field, reject.Reason));
    }

    [Fact]
    public void A_mapped_name_is_found_however_many_others_came_before()
    {
        var mapping = Mapping.Of("numeric", "numeric");
        mapping.Map($$"""{"_id":"{{Mapping.Id}}",{{string.Join(',', Enumerable.Range(0, 3000).Select(i => $"\"key {i}\":{i}"))}}}""");

        Assert.Equal("1", mapping.Stored("\"Value\":1"));
        Assert.InRange(mapping.Mapper.Names.All.Count, 2000, 2010);
    }

    [Theory]
    [InlineData("Total Amount", "total_amount")]
    [InlineData("1st Payment %", "1st_payment")]
    [InlineData("Paid?", "paid")]
    [InlineData("__a--b__", "a_b")]
    [InlineData("TREE  SEED", "tree_seed")]
    [InlineData("Größe (m²)", "größe_m")]
    [InlineData("?", "")]
    [InlineData("", "")]
    public void Names_are_normalised(string name, string expected)
    {
        Assert.Equal(expected, Etl.Mapping.FieldName.Normalise(name));
    }
}
