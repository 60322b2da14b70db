using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Plan;

/// <summary>CONTRACT 5.2: which names a column is read under, settled by the app's description.</summary>
public class NameResolutionTests
{
    private static readonly string[] Words =
        ["Total Amount", "total amount", "Total Amount (%)", "total_amount", "Amount", "amount", "🔥", "★", "", "Created Date", "created date"];

    [Theory]
    [InlineData("total amount", "total amount|total_amount_number")]
    [InlineData("TOTAL-AMOUNT?", "TOTAL-AMOUNT?|total_amount_number")]
    public void The_only_field_whose_normalised_name_is_the_columns_is_added_with_its_id(string described, string added)
    {
        var prepared = Settle([Line("total", "Total Amount")], Field(described, "total_amount_number"));

        Assert.Equal(["Total Amount", .. added.Split('|')], prepared.Maps[0].Fields[2].From);
        var match = Assert.Single(prepared.Matches);
        Assert.Equal(("thing", "total"), (match.Entity, match.Column));
        Assert.Contains($"'{described}'", match.Message, StringComparison.Ordinal);
        Assert.Contains($"in thing.json: \"from\": [\"Total Amount\",\"{described}\",\"total_amount_number\"]", match.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_whose_field_the_app_does_not_have_is_named_with_the_field_that_was_meant()
    {
        var prepared = Settle([Line("slug", "Slugg"), Line("note", "Note")], Field("Slug", "slug_text"), Field("Note", "note_text"));

        Assert.Equal(
            "thing: the app has none of the fields that these columns are read from, so that no record fills them: slug ('Slugg'; did you mean 'Slug'?). "
            + "Fix the names in \"from\" of thing.json, or take the lines out.",
            Assert.Single(prepared.Warnings(["thing"])));
        Assert.Empty(prepared.Warnings(["other"]));
    }

    [Fact]
    public void The_first_name_stays_the_one_that_reports_use()
    {
        var prepared = Settle([Line("total", "Total Amount")], Field("total amount", "total_amount_number"));

        Assert.Equal("Total Amount", SourceField.Of(prepared.Maps[0].Fields[2])[0].Name);
    }

    [Fact]
    public void Nothing_is_added_without_a_description() => AssertNothing([Line("total", "Total Amount")]);

    [Theory]
    [InlineData("Total Amount", "x_number")]
    [InlineData("x", "Total Amount")]
    [InlineData("Sum", "x_number")]
    [InlineData("Amount", "x_number")]
    public void Nothing_is_added_where_the_app_has_one_of_the_columns_names(string name, string id) =>
        AssertNothing([Line("total", "Total Amount", "Sum") with { Fallback = ["Amount"] }], Field(name, id), Field("total amount", "y_number"));

    [Fact]
    public void Nothing_is_added_where_two_fields_could_be_meant() =>
        AssertNothing([Line("total", "Total Amount")], Field("total amount", "a_number"), Field("Total Amount (%)", "b_number"));

    [Fact]
    public void Nothing_is_added_where_two_fields_have_the_one_name() =>
        AssertNothing([Line("state", "STATUS")], Field("Status", "status_text"), Field("Status", "status1_text"));

    [Theory]
    [InlineData("total amount")]
    [InlineData("total_amount_number")]
    public void A_field_that_another_line_reads_is_left_to_it(string read)
    {
        AssertNothing([Line("total", "Total Amount"), Line("percent", read)], Field("total amount", "total_amount_number"));
        AssertNothing([Line("total", "Total Amount"), Line("percent", "Percent") with { Fallback = [read] }], Field("total amount", "total_amount_number"));
    }

    [Fact]
    public void A_field_that_two_lines_with_different_names_could_mean_is_left_alone() =>
        AssertNothing([Line("total", "Total Amount"), Line("other", "TOTAL AMOUNT")], Field("total amount", "total_amount_number"));

    [Fact]
    public void Two_paths_into_one_field_both_gain_it()
    {
        var prepared = Settle([Line("a", "Auth") with { Path = ["a"] }, Line("b", "Auth") with { Path = ["b"] }], Field("auth", "auth"));

        Assert.Equal(["a", "b"], prepared.Matches.Select(m => m.Column));
    }

    [Fact]
    public void Only_the_first_name_of_a_column_is_compared() =>
        AssertNothing([Line("total", "Sum", "Total Amount")], Field("total amount", "total_amount_number"));

    [Theory]
    [InlineData("🔥", "★")]
    [InlineData("?", "!")]
    public void Names_without_letters_and_digits_are_never_the_same(string name, string described) =>
        AssertNothing([Line("value", name)], Field(described, described));

    [Fact]
    public void Fields_that_every_type_has_need_no_description() =>
        AssertNothing([Line("made", "Created Date")], Field("created date", "created_date_text"));

    [Fact]
    public void A_resume_with_other_names_does_not_take_what_was_staged_for_its_own()
    {
        var map = TestTable.Map("thing", Line("total", "Total Amount"));
        var prepared = NameResolution.Of([map], _ => [Field("total amount", "total_amount_number")]).Maps[0];

        string Label(EntityMap of) => StagingLabel.Of(TestTable.Plan(of, TestTable.Column("total", "text")), Guid.Empty);

        Assert.NotEqual(Label(map), Label(prepared));
    }

    [Fact]
    public void Whatever_map_and_description_say_no_field_gets_into_a_column_that_may_not_have_it()
    {
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var lines = Enumerable.Range(0, random.Next(1, 5)).Select(i => AnyLine(i, random)).ToArray();
            var fields = Enumerable.Range(0, random.Next(0, 5)).Select(i => Field(Word(random), random.Next(2) == 0 ? Word(random) : $"id{i}_text")).ToArray();

            var prepared = Settle(lines, fields);
            var turned = Settle([.. lines.Reverse()], [.. fields.Reverse()]);

            Assert.Equal(prepared.Matches.Select(m => (m.Column, m.Field)).Order(), turned.Matches.Select(m => (m.Column, m.Field)).Order());
            foreach (var match in prepared.Matches)
            {
                var line = lines.Single(l => l.Column == match.Column);
                string[] own = [.. line.From, .. line.Fallback];
                Assert.DoesNotContain(fields.SelectMany(f => new[] { f.Name, f.Id }), own.Contains);
                Assert.NotEmpty(FieldName.Normalise(line.From[0]));
                var others = lines.Where(l => l.Column != line.Column).SelectMany(l => l.From.Concat(l.Fallback));
                Assert.DoesNotContain(others, n => n == match.Field.Name || n == match.Field.Id);
            }

            foreach (var (line, resolved) in lines.Zip(prepared.Maps[0].Fields.Skip(2)))
                Assert.Equal(line.From, resolved.From.Take(line.From.Count));
        }));
    }

    private static ResolvedMaps Settle(FieldMap[] lines, params DescribedField[] fields) => NameResolution.Of([TestTable.Map("thing", lines)], _ => fields);

    private static void AssertNothing(FieldMap[] lines, params DescribedField[] fields)
    {
        var prepared = Settle(lines, fields);

        Assert.Empty(prepared.Matches);
        Assert.Equal(lines.Select(l => l.From), prepared.Maps[0].Fields.Skip(2).Select(f => f.From));
    }

    private static FieldMap Line(string column, params string[] from) => TestTable.Field(column, "text", from);

    private static DescribedField Field(string name, string id) => new(name, id, "text");

    private static FieldMap AnyLine(int number, Random random) =>
        Line($"c{number}", Word(random), Word(random)) with { Fallback = random.Next(2) == 0 ? [] : [Word(random)] };

    private static string Word(Random random) => Words[random.Next(Words.Length)];
}
