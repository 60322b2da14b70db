using System.Text;
using BubbleSync.Etl.Transform.FieldTypes;
using Xunit;

namespace BubbleSync.Tests.Transform;

public class TextTests
{
    [Theory]
    [InlineData("\"plain\"", "plain")]
    [InlineData("\" kept  as is \"", " kept  as is ")]
    [InlineData("\"\"", "")]
    [InlineData("\"  \\t\"", "  \t")]
    [InlineData("\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"", "a\"b\\c/d\b\f\n\r\t")]
    [InlineData("\"\\u0041\\u00e9\\u00E9\\u20ac\\ud83d\\ude00\"", "Aéé€😀")]
    [InlineData("\"é€😀\"", "é€😀")]
    [InlineData("\"\\uFFFE\\uFFFF\\uFEFF\"", "\uFFFE\uFFFF\uFEFF")]
    [InlineData("\"\\\\u0000\"", "\\u0000")]
    [InlineData("12", "12")]
    [InlineData("12.0", "12.0")]
    [InlineData("-0", "-0")]
    [InlineData("1E400", "1E400")]
    [InlineData("0.10000000000000000000000000000000000001", "0.10000000000000000000000000000000000001")]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    [InlineData("[]", "[]")]
    [InlineData("{}", "{}")]
    [InlineData("[ ]", "[]")]
    [InlineData("{ }", "{}")]
    [InlineData("{ \"a\" : [ 1.00 , -0 , 1e400 , null , true ] ,\n \"b c\" : { } }", "{\"a\":[1.00,-0,1e400,null,true],\"b c\":{}}")]
    [InlineData("[\"\\u0041\\/\\u00e9\", \"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001F\"]", "[\"A/é\",\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"]")]
    [InlineData("{\"k\\\"\\n\":1}", "{\"k\\\"\\n\":1}")]
    public void A_text_is_stored_as_it_is(string json, string expected)
    {
        var mapping = Mapping.Of("text", "text");

        Assert.Equal(expected, mapping.Convert(json));
        Assert.Equal(TextNotes.None, mapping.Notes);
    }

    [Theory]
    [InlineData("\"a\\u0000b\"", "ab", TextNotes.Removed)]
    [InlineData("\"\\u0000\"", "", TextNotes.Removed)]
    [InlineData("\"\\ud800\"", "\uFFFD", TextNotes.Replaced)]
    [InlineData("\"\\uDFFF\"", "\uFFFD", TextNotes.Replaced)]
    [InlineData("\"\\ud83dx\"", "\uFFFDx", TextNotes.Replaced)]
    [InlineData("\"\\ud83d\\n\"", "\uFFFD\n", TextNotes.Replaced)]
    [InlineData("\"\\ude00\\ud83d\"", "\uFFFD\uFFFD", TextNotes.Replaced)]
    [InlineData("\"\\ud83d\\ud83d\\ude00\"", "\uFFFD😀", TextNotes.Replaced)]
    [InlineData("\"\\ud83d\\u0000\\ude00\"", "\uFFFD\uFFFD", TextNotes.Removed | TextNotes.Replaced)]
    [InlineData("\"\\ud83d\\u0041\"", "\uFFFDA", TextNotes.Replaced)]
    [InlineData("{\"a\\u0000\":[\"\\ud800\"]}", "{\"a\":[\"\uFFFD\"]}", TextNotes.Removed | TextNotes.Replaced)]
    public void What_PostgreSQL_refuses_is_mended_and_noted(string json, string expected, object notes)
    {
        var mapping = Mapping.Of("text", "text");

        Assert.Equal(expected, mapping.Convert(json));
        Assert.Equal(notes, mapping.Notes);
    }

    [Theory]
    [InlineData("2261ff62 22", "a\uFFFDb")]
    [InlineData("22c322", "\uFFFD")]
    [InlineData("22eda08022", "\uFFFD\uFFFD\uFFFD")]
    [InlineData("22c0802e5c6e22", "\uFFFD\uFFFD.\n")]
    public void Bytes_that_are_no_UTF8_are_replaced_and_noted(string hex, string expected)
    {
        var mapping = Mapping.Of("text", "text");

        Assert.Equal(expected, mapping.Convert(System.Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));
        Assert.Equal(TextNotes.Replaced, mapping.Notes);
    }

    [Theory]
    [InlineData("\"abcde\"")]
    [InlineData("\"😀😀😀😀😀\"")]
    [InlineData("\"\\ud83d\\ude00éééé\"")]
    [InlineData("\"abc\\u0000de\"")]
    [InlineData("12345")]
    [InlineData("false")]
    [InlineData("\"     \"")]
    public void A_text_may_have_as_many_characters_as_its_column(string json)
    {
        Assert.NotNull(Mapping.Of("text", "character varying(5)").Convert(json));
        Assert.NotNull(Mapping.Of("text", "character(5)").Convert(json));
    }

    [Theory]
    [InlineData("\"abcdef\"")]
    [InlineData("\"abcde \"")]
    [InlineData("\"😀😀😀😀😀😀\"")]
    [InlineData("\"e\\u0301e\\u0301e\\u0301\"")]
    [InlineData("123456")]
    [InlineData("[1,2,3]")]
    public void A_text_that_is_too_long_is_never_cut(string json)
    {
        var refusal = Assert.Throws<RejectedException>(() => Mapping.Of("text", "character varying(5)").Convert(json));

        Assert.Matches("^a text of [67] characters is too long for character varying\\(5\\)$", refusal.Message);
    }

    [Theory]
    [InlineData("\"//cdn.example.com/a b.jpg\"", "https://cdn.example.com/a b.jpg")]
    [InlineData("\"\\/\\/cdn.example.com\\/a.jpg\"", "https://cdn.example.com/a.jpg")]
    [InlineData("\"\\u002f/cdn.example.com\"", "https://cdn.example.com")]
    [InlineData("\"https://cdn.example.com/a.jpg\"", "https://cdn.example.com/a.jpg")]
    [InlineData("\"http://x\"", "http://x")]
    [InlineData("\"/one\"", "/one")]
    [InlineData("\"///\"", "https:///")]
    [InlineData("\"a//b\"", "a//b")]
    [InlineData("12", "12")]
    public void An_address_gets_its_scheme(string json, string expected)
    {
        Assert.Equal(expected, Mapping.Of("url", "text").Convert(json));
    }

    [Theory]
    [InlineData("\"//\"")]
    [InlineData("\" // \"")]
    [InlineData("\"\\/\\/\"")]
    [InlineData("\"\\n//\\t\"")]
    [InlineData("\"\\u002F\\u002F\"")]
    [InlineData("\"\"")]
    public void An_address_of_nothing_counts_as_absent(string json)
    {
        Assert.Equal("absent", Mapping.Of("url", "text").Stored($"\"Value\":{json}"));
        Assert.Equal("absent", Mapping.Of("url[]", "text[]").Stored($"\"Value\":{json}"));
    }

    [Fact]
    public void An_address_is_measured_with_its_scheme()
    {
        Assert.Equal("https://ab", Mapping.Of("url", "character varying(10)").Convert("\"//ab\""));
        Assert.Throws<RejectedException>(() => Mapping.Of("url", "character varying(10)").Convert("\"//abc\""));
    }

    [Theory]
    [InlineData("{\"a\": 1.10, \"b\": [1e2, -0, \"\\u0041\\u0000\"]}", "{\"a\":1.10,\"b\":[1e2,-0,\"A\"]}")]
    [InlineData("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}")]
    [InlineData("[]", "[]")]
    [InlineData("\"text\"", "\"text\"")]
    [InlineData("false", "false")]
    [InlineData("[1e131071]", "[1e131071]")]
    public void Json_stays_json(string json, string expected)
    {
        Assert.Equal(expected, Mapping.Of("jsonb", "jsonb").Convert(json));
    }

    [Theory]
    [InlineData("[1e131072]")]
    [InlineData("{\"a\":{\"b\":[0,1e-16384]}}")]
    public void Json_with_a_number_that_jsonb_cannot_hold_does_not_convert(string json)
    {
        var refusal = Assert.Throws<RejectedException>(() => Mapping.Of("jsonb", "jsonb").Convert(json));

        Assert.Equal("it holds a number that does not fit jsonb", refusal.Message);
    }

    [Fact]
    public void Json_may_be_nested_deeply()
    {
        var nested = new StringBuilder().Append('[', 500).Append(']', 500).ToString();

        Assert.Equal(nested, Mapping.Of("jsonb", "jsonb").Convert(nested));
        Assert.Equal(nested, Mapping.Of("text", "text").Convert(nested));
    }
}
