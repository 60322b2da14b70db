using System.Globalization;
using System.Numerics;
using BubbleSync.Tests.Plan;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Transform;

public class ConversionProperties
{
    private static readonly FsCheck.Config Often = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(1000);

    [Fact]
    public void Any_decimal_arrives_with_its_exact_value_and_its_own_digits_after_the_point()
    {
        var mapping = Mapping.Of("numeric", "numeric");

        Check.One(Often, Prop.ForAll(Samples.Decimals.ToArbitrary(), sample =>
        {
            var stored = (string)mapping.Convert(sample.ToString())!;

            Assert.Equal(Math.Max(0, sample.Fraction.Length - sample.Power), stored.Split('.').ElementAtOrDefault(1)?.Length ?? 0);
            Assert.Equal(Parse(sample.Sign + sample.Whole + sample.Fraction, sample.Power - sample.Fraction.Length), Parse(stored));
        }));
    }

    [Fact]
    public void A_decimal_is_an_integer_exactly_where_its_value_is_whole_and_fits()
    {
        var mapping = Mapping.Of("integer", "bigint");

        Check.One(Often, Prop.ForAll(Samples.Decimals.Select(d => d with { Exponent = d.Exponent % 30 }).ToArbitrary(), sample =>
        {
            var (units, power) = Parse(sample.Sign + sample.Whole + sample.Fraction, sample.Power - sample.Fraction.Length);
            var expected = power >= 0 && units * BigInteger.Pow(10, power) is var whole && whole >= long.MinValue && whole <= long.MaxValue
                ? whole.ToString(CultureInfo.InvariantCulture)
                : "rejected";

            Assert.Equal(expected, mapping.Stored($"\"Value\":{sample}"));
        }));
    }

    [Fact]
    public void A_decimal_fits_a_column_exactly_where_the_column_can_show_it()
    {
        var mapping = Mapping.Of("numeric", "numeric(20,5)");
        var limit = BigInteger.Pow(10, 20);

        Check.One(Often, Prop.ForAll(Samples.Decimals.Select(d => d with { Exponent = d.Exponent % 20 }).ToArbitrary(), sample =>
        {
            var (units, power) = Parse(sample.Sign + sample.Whole + sample.Fraction, sample.Power - sample.Fraction.Length);
            var fits = power >= -5 && BigInteger.Abs(units * BigInteger.Pow(10, power + 5)) < limit;

            Assert.Equal(fits, !Equals("rejected", mapping.Stored($"\"Value\":{sample}")));
        }));
    }

    [Fact]
    public void Any_text_arrives_as_it_is_less_what_PostgreSQL_refuses()
    {
        var mapping = Mapping.Of("text", "text");

        Check.One(Often, Prop.ForAll(Samples.Texts.Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), sample =>
        {
            var (text, seed) = sample;

            Assert.Equal(Storable(text), mapping.Convert(Samples.Json(text, new Random(seed))));
        }));
    }

    [Fact]
    public void Any_list_of_texts_arrives_in_order_without_blanks()
    {
        var mapping = Mapping.Of("text[]", "text[]");

        Check.One(Often, Prop.ForAll(Samples.Texts.ListOf().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), sample =>
        {
            var (texts, seed) = (sample.Item1, new Random(sample.Item2));

            var stored = (string[])mapping.Convert($"[{string.Join(',', texts.Select(t => Samples.Json(t, seed)))}]")!;

            Assert.Equal(texts.Select(Storable).Where(t => !string.IsNullOrWhiteSpace(t)), stored);
        }));
    }

    [Fact]
    public void Any_name_leads_to_its_column_however_it_is_escaped()
    {
        Check.One(Often.WithMaxTest(300), Prop.ForAll(
            Samples.Texts.Where(t => t.Length > 0 && Storable(t) == t && t != "_id" && t != "Modified Date")
                .Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), sample =>
        {
            var (name, seed) = sample;
            var mapping = Mapping.Of(TestTable.Field("value", "integer", name), "integer");

            Assert.Equal("7", mapping.Stored($"{Samples.Json(name, new Random(seed))}:7"));
        }));
    }

    [Fact]
    public void Any_moment_arrives_exact_however_it_is_written()
    {
        var mapping = Mapping.Of("timestamptz", "timestamp with time zone");

        Check.One(Often, Prop.ForAll(Samples.Moments.ToArbitrary(), sample =>
            Assert.Equal(sample.Utc.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), mapping.Convert($"\"{sample}\""))));
    }

    [Fact]
    public void Any_moment_arrives_exact_as_milliseconds_since_1970()
    {
        var mapping = Mapping.Of("timestamptz", "timestamp with time zone");

        Check.One(Often, Prop.ForAll(Samples.Moments.ToArbitrary(), sample =>
        {
            var milliseconds = (sample.Utc - DateTime.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerMillisecond;

            Assert.Equal(sample.Utc.ToString(
                "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), mapping.Convert(milliseconds.ToString(CultureInfo.InvariantCulture)));
        }));
    }

    // What text, however broken, may never do: end in an exception that is no reject.
    [Theory]
    [InlineData("integer", "smallint")]
    [InlineData("numeric", "numeric(10,2)")]
    [InlineData("boolean", "boolean")]
    [InlineData("timestamptz", "timestamp with time zone")]
    [InlineData("url", "character varying(20)")]
    [InlineData("url[]", "text[]")]
    [InlineData("jsonb", "jsonb")]
    public void Any_text_converts_or_rejects(string type, string column)
    {
        var mapping = Mapping.Of(type, column);

        Check.One(Often, Prop.ForAll(Samples.Texts.Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), sample =>
        {
            var (text, seed) = sample;
            var mapped = mapping.Map($$"""{"_id":"{{Mapping.Id}}","Value":{{Samples.Json(text, new Random(seed))}}}""");

            Assert.Equal(mapped.Rejects.Count > 0, Assert.Single(mapped.Rows).IsRejected);
        }));
    }

    private static string Storable(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => rune.ToString())).Replace("\0", "", StringComparison.Ordinal);

    private static (BigInteger Units, int Power) Parse(string decimalText)
    {
        var point = decimalText.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? Parse(decimalText, 0) : Parse(decimalText.Remove(point, 1), point + 1 - decimalText.Length);
    }

    // Units without trailing zeros, so that equal values are equal pairs.
    private static (BigInteger Units, int Power) Parse(string digits, int power)
    {
        var units = BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (units.IsZero)
            return (units, 0);

        for (; units % 10 == 0; power++)
            units /= 10;
        return (units, power);
    }
}
