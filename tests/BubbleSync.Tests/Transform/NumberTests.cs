using Xunit;

namespace BubbleSync.Tests.Transform;

public class NumberTests
{
    [Theory]
    [InlineData("12", "12")]
    [InlineData("12.0", "12")]
    [InlineData("12.000000000000000000000000000", "12")]
    [InlineData("1.2e1", "12")]
    [InlineData("1.2E+0001", "12")]
    [InlineData("1200e-2", "12")]
    [InlineData("0.000000000000000000000000000012e30", "12")]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0e999999999999999999999", "0")]
    [InlineData("0e400", "0")]
    [InlineData("-12", "-12")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("922337203685477580.70e1", "9223372036854775807")]
    [InlineData("\"12\"", "12")]
    [InlineData("\" \\t12.0\\r\\n\"", "12")]
    [InlineData("\"\\u0031\\u0032\"", "12")]
    public void A_whole_number_is_read_exactly_however_it_is_written(string json, string expected)
    {
        Assert.Equal(expected, Mapping.Of("integer", "bigint").Convert(json));
    }

    [Theory]
    [InlineData("smallint", "32767")]
    [InlineData("smallint", "-32768")]
    [InlineData("integer", "2147483647")]
    [InlineData("integer", "-2147483648")]
    [InlineData("numeric", "100000000000000000000000000000000000000001")]
    [InlineData("numeric(5,0)", "99999")]
    [InlineData("numeric(3,-2)", "99900")]
    public void The_last_whole_number_that_fits_a_column_is_taken(string column, string json)
    {
        Assert.Equal(json, Mapping.Of("integer", column).Convert(json));
    }

    [Theory]
    [InlineData("smallint", "32768")]
    [InlineData("smallint", "-32769")]
    [InlineData("smallint", "65536")]
    [InlineData("integer", "2147483648")]
    [InlineData("integer", "-2147483649")]
    [InlineData("integer", "4294967296")]
    [InlineData("bigint", "9223372036854775808")]
    [InlineData("bigint", "-9223372036854775809")]
    [InlineData("bigint", "18446744073709551616")]
    [InlineData("bigint", "1e400")]
    [InlineData("bigint", "1e99999999999999999999")]
    [InlineData("numeric(5,0)", "100000")]
    [InlineData("numeric(3,-2)", "99950")]
    [InlineData("numeric(3,-2)", "100000")]
    public void A_whole_number_beyond_its_column_does_not_convert(string column, string json)
    {
        var refusal = Assert.Throws<RejectedException>(() => Mapping.Of("integer", column).Convert(json));

        Assert.Equal($"the number does not fit {column}", refusal.Message);
    }

    [Theory]
    [InlineData("12.5")]
    [InlineData("1e-1")]
    [InlineData("0.00000000000000000000000000000001")]
    [InlineData("9007199254740992.5")]
    [InlineData("1e-99999999999999999999")]
    [InlineData("\"12.5\"")]
    public void A_broken_number_is_no_integer(string json)
    {
        var refusal = Assert.Throws<RejectedException>(() => Mapping.Of("integer", "bigint").Convert(json));

        Assert.Equal("the number is not whole", refusal.Message);
    }

    [Theory]
    [InlineData("\"twelve\"")]
    [InlineData("\"1,200\"")]
    [InlineData("\"12 000\"")]
    [InlineData("\"+12\"")]
    [InlineData("\"012\"")]
    [InlineData("\"0x0C\"")]
    [InlineData("\".5\"")]
    [InlineData("\"5.\"")]
    [InlineData("\"1e\"")]
    [InlineData("\"1e+\"")]
    [InlineData("\"--1\"")]
    [InlineData("\"-\"")]
    [InlineData("\"- 1\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    [InlineData("\"RM 12\"")]
    [InlineData("\"12\\u00003\"")]
    [InlineData("\"12\\ud800\"")]
    [InlineData("\"\\u0661\\u0662\"")]
    [InlineData("true")]
    [InlineData("[12]")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void What_is_no_number_converts_to_none(string json)
    {
        Assert.Throws<RejectedException>(() => Mapping.Of("integer", "bigint").Convert(json));
        Assert.Throws<RejectedException>(() => Mapping.Of("numeric", "numeric").Convert(json));
    }

    [Theory]
    [InlineData("0.1", "0.1")]
    [InlineData("12.0", "12.0")]
    [InlineData("12.340", "12.340")]
    [InlineData("1.2e1", "12")]
    [InlineData("1.25e1", "12.5")]
    [InlineData("-0", "0")]
    [InlineData("-0.00", "0.00")]
    [InlineData("0.1000000000000000055511151231257827021181583404541015625", "0.1000000000000000055511151231257827021181583404541015625")]
    [InlineData("123456789012345678901234567890.123456789012345678901234567890", "123456789012345678901234567890.123456789012345678901234567890")]
    [InlineData("-1e-10", "-0.0000000001")]
    [InlineData("1e10", "10000000000")]
    [InlineData("10000", "10000")]
    [InlineData("9999.9999", "9999.9999")]
    [InlineData("0.00010000", "0.00010000")]
    [InlineData("\" -1.50 \"", "-1.50")]
    public void A_decimal_keeps_every_digit(string json, string expected)
    {
        Assert.Equal(expected, Mapping.Of("numeric", "numeric").Convert(json));
    }

    [Theory]
    [InlineData("1e400", 400)]
    [InlineData("1e131071", 131_071)]
    public void A_number_may_have_as_many_digits_as_PostgreSQL_allows(string json, int zeros)
    {
        Assert.Equal("1" + new string('0', zeros), Mapping.Of("numeric", "numeric").Convert(json));
    }

    [Fact]
    public void The_longest_number_of_all_is_taken_whole()
    {
        var longest = new string('9', 131_072) + "." + new string('9', 16_383);

        Assert.Equal(longest, Mapping.Of("numeric", "numeric").Convert(longest));
        Assert.Throws<RejectedException>(() => Mapping.Of("numeric", "numeric").Convert("1" + longest));
        Assert.Throws<RejectedException>(() => Mapping.Of("numeric", "numeric").Convert(longest + "9"));
    }

    [Theory]
    [InlineData("1e131072")]
    [InlineData("1e-16384")]
    [InlineData("1e999999999999")]
    [InlineData("-1e-999999999999")]
    public void A_number_beyond_every_numeric_does_not_convert(string json)
    {
        var refusal = Assert.Throws<RejectedException>(() => Mapping.Of("numeric", "numeric").Convert(json));

        Assert.Equal("the number does not fit numeric", refusal.Message);
    }

    [Theory]
    [InlineData("numeric(10,2)", "99999999.99", "99999999.99")]
    [InlineData("numeric(10,2)", "1.5000", "1.5000")]
    [InlineData("numeric(10,2)", "-0.01", "-0.01")]
    [InlineData("numeric(10,2)", "0e-30", "0.000000000000000000000000000000")]
    [InlineData("numeric(2,5)", "0.00012", "0.00012")]
    [InlineData("numeric(3)", "999.0", "999.0")]
    public void A_number_that_its_column_holds_exactly_is_taken(string column, string json, string expected)
    {
        Assert.Equal(expected, Mapping.Of("numeric", column).Convert(json));
    }

    [Theory]
    [InlineData("numeric(10,2)", "100000000")]
    [InlineData("numeric(10,2)", "99999999.995")]
    [InlineData("numeric(10,2)", "0.001")]
    [InlineData("numeric(10,2)", "1e8")]
    [InlineData("numeric(2,5)", "0.001")]
    [InlineData("numeric(3)", "0.5")]
    public void A_number_that_its_column_would_round_or_refuse_does_not_convert(string column, string json)
    {
        var refusal = Assert.Throws<RejectedException>(() => Mapping.Of("numeric", column).Convert(json));

        Assert.Equal($"the number does not fit {column}", refusal.Message);
    }
}
