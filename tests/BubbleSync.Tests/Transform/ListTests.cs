using BubbleSync.Etl.Transform.FieldTypes;
using Xunit;

namespace BubbleSync.Tests.Transform;

public class ListTests
{
    [Theory]
    [InlineData("[]")]
    [InlineData("[null]")]
    [InlineData("[\"\",\" \",\"\\u00a0\\u2003\\t\",null]")]
    [InlineData("\",\"")]
    [InlineData("\" , ,, \"")]
    public void A_list_without_items_is_an_empty_array(string json)
    {
        Assert.Equal([], (string[])Mapping.Of("text[]", "text[]").Convert(json)!);
    }

    [Theory]
    [InlineData("[\"b\",\"a\",\"b\"]", "b|a|b")]
    [InlineData("[\"b\",null,\"\",\"a\",\" \"]", "b|a")]
    [InlineData("[\" kept \",\"a,b\"]", " kept |a,b")]
    [InlineData("[12.0,-0,1e400,true,false]", "12.0|-0|1e400|true|false")]
    [InlineData("[{\"a\": 1.0},[ ],[1, 2]]", "{\"a\":1.0}|[]|[1,2]")]
    [InlineData("\"one\"", "one")]
    [InlineData("\" a , b ,,c,\"", "a|b|c")]
    [InlineData("\"a\\u002cb\\u00a0,\\nc d\"", "a|b|c d")]
    [InlineData("\"😀,é\"", "😀|é")]
    public void Items_are_texts_in_order(string json, string expected)
    {
        Assert.Equal(expected.Split('|'), (string[])Mapping.Of("text[]", "text[]").Convert(json)!);
    }

    [Theory]
    [InlineData("[\"//a\",\"//\",\"https://b\",\" // \",\"\\/\\/c\"]", "https://a|https://b|https://c")]
    [InlineData("\"//a, // ,//b,c\"", "https://a|https://b|c")]
    public void Addresses_in_lists_get_their_scheme(string json, string expected)
    {
        Assert.Equal(expected.Split('|'), (string[])Mapping.Of("url[]", "text[]").Convert(json)!);
    }

    [Theory]
    [InlineData("[\"a\\u0000b\"]", "ab", TextNotes.Removed)]
    [InlineData("\"a\\u0000b\"", "ab", TextNotes.Removed)]
    [InlineData("[\"a\\udc00\"]", "a\uFFFD", TextNotes.Replaced)]
    [InlineData("[\"\\u0000\",\"x\\ud800\"]", "x\uFFFD", TextNotes.Replaced)]
    public void Items_are_mended_and_noted(string json, string expected, object notes)
    {
        var mapping = Mapping.Of("text[]", "text[]");

        Assert.Equal(expected.Split('|'), (string[])mapping.Convert(json)!);
        Assert.Equal(notes, mapping.Notes);
    }

    [Theory]
    [InlineData(199, TextNotes.None)]
    [InlineData(200, TextNotes.MaybeCut)]
    [InlineData(201, TextNotes.None)]
    public void A_list_of_exactly_200_items_is_noted(int count, object notes)
    {
        var mapping = Mapping.Of("text[]", "text[]");

        var items = (string[])mapping.Convert($"[{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{i}\""))}]")!;

        Assert.Equal(count, items.Length);
        Assert.Equal(notes, mapping.Notes);
    }

    [Theory]
    [InlineData("[\"abc\",\"abcdef\",\"b\"]")]
    [InlineData("\"abc,abcdef\"")]
    public void One_item_too_long_for_its_column_rejects_the_list(string json)
    {
        var column = Plan.TestTable.Column("value", "character varying[]") with { Length = 5, FullType = "character varying(5)[]" };
        var mapping = Mapping.Of(Plan.TestTable.Map("thing", Plan.TestTable.Field("value", "text[]", "Value")), column);

        var refusal = Assert.Throws<RejectedException>(() => mapping.Convert(json));

        Assert.Equal("a text of 6 characters is too long for character varying(5)[]", refusal.Message);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("true")]
    [InlineData("{\"0\":\"a\"}")]
    public void What_is_neither_list_nor_text_does_not_convert(string json)
    {
        Assert.Throws<RejectedException>(() => Mapping.Of("text[]", "text[]").Convert(json));
        Assert.Throws<RejectedException>(() => Mapping.Of("url[]", "text[]").Convert(json));
    }
}
