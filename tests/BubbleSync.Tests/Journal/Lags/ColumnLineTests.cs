using BubbleSync.Etl.Journal.Lags;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Tests.Plan;
using Xunit;

namespace BubbleSync.Tests.Journal.Lags;

/// <summary>Which changes of a line leave values in rows that the line does not give.</summary>
public sealed class ColumnLineTests
{
    private static readonly FieldMap Line = TestTable.Field("size", "text", "Size");

    private static readonly Dictionary<string, FieldMap> Changes = new()
    {
        ["none"] = Line,
        ["further name"] = Line with { From = ["Size", "Shoe Size"] },
        ["further field"] = Line with { Fallback = ["Shoe Size"] },
        ["other field"] = Line with { From = ["Shoe Size"] },
        ["other order"] = Line with { From = ["Shoe Size", "Size"] },
        ["path"] = Line with { Path = ["value"] },
        ["type"] = Line with { Type = "url" },
        ["absent"] = Line with { AbsentClears = true },
        ["mask"] = Line with { Mask = MaskKind.Last4 },
    };

    [Theory]
    [InlineData("none", false)]
    [InlineData("further name", false)]
    [InlineData("further field", false)]
    [InlineData("other field", true)]
    [InlineData("other order", true)]
    [InlineData("path", true)]
    [InlineData("type", true)]
    [InlineData("absent", true)]
    [InlineData("mask", true)]
    public void Rows_may_have_values_of_the_line_as_it_was(string change, bool isOutdated)
    {
        var plan = Plan(Changes[change]);

        Assert.Equal(isOutdated ? ["size"] : [], ColumnLines.Of(Plan(Line)).Outdated(plan));
        Assert.Empty(ColumnLines.Of(Plan(Line)).AfterWrites(plan, wrote: true, []).AfterAll(plan, []).Outdated(plan));
    }

    [Fact]
    public void A_line_that_keeps_what_it_cleared_before_leaves_nothing_behind() =>
        Assert.Empty(ColumnLines.Of(Plan(Changes["absent"])).Outdated(Plan(Line)));

    [Fact]
    public void A_name_that_was_added_because_the_app_spells_it_otherwise_is_no_other_line()
    {
        var matched = Plan(Line with { From = ["Size", "SIZE"], Added = ["SIZE"] });

        Assert.Empty(ColumnLines.Of(matched).Outdated(Plan(Line)));
        Assert.Empty(ColumnLines.Of(Plan(Line)).Outdated(matched));
    }

    [Fact]
    public void Values_of_no_known_line_may_be_the_tables_own()
    {
        var (line, without) = (Plan(Line), Plan());
        var unknown = ColumnLines.Of(line).AfterWrites(without, wrote: true, []);

        Assert.Empty(unknown.OfOtherLines(line));
        Assert.Equal(["size"], ColumnLines.Of(line).OfOtherLines(Plan(Changes["other field"])));
    }

    [Fact]
    public void A_name_that_the_line_loses_leaves_values()
    {
        var before = ColumnLines.Of(Plan(Line)).AfterWrites(Plan(Changes["further name"]), wrote: true, []);

        Assert.Equal(["size"], before.Outdated(Plan(Line)));
    }

    [Fact]
    public void A_line_that_is_changed_and_changed_back_leaves_values_if_rows_were_written_in_between()
    {
        var before = ColumnLines.Of(Plan(Line));

        Assert.Empty(before.AfterWrites(Plan(Changes["type"]), wrote: false, []).Outdated(Plan(Line)));
        Assert.Equal(["size"], before.AfterWrites(Plan(Changes["type"]), wrote: true, []).Outdated(Plan(Line)));
    }

    [Fact]
    public void A_column_without_a_line_falls_behind_while_rows_are_written()
    {
        var (without, before) = (Plan(), ColumnLines.Of(Plan(Line)));

        Assert.Empty(before.AfterWrites(without, wrote: false, []).Outdated(Plan(Line)));
        Assert.Equal(["size"], before.AfterWrites(without, wrote: true, []).AfterWrites(Plan(Line), wrote: true, []).Outdated(Plan(Line)));
        Assert.Equal(["size"], before.AfterAll(without, []).Outdated(Plan(Line)));
    }

    [Fact]
    public void Another_key_gives_other_hashes()
    {
        var line = Line with { Mask = MaskKind.Hash };

        Assert.Equal(["size"], ColumnLines.Of(Plan("key one", line)).Outdated(Plan("key two", line)));
    }

    [Fact]
    public void A_column_that_was_not_cleared_stays_named_until_all_rows_are_written_and_none_is_refused()
    {
        var plan = Plan(Line with { AbsentClears = true });
        var refused = ColumnLines.Of(plan).AfterWrites(plan, wrote: true, ["size"]).AfterWrites(plan, wrote: true, []);

        Assert.Equal(["size"], refused.Uncleared(plan));
        Assert.Empty(refused.Outdated(plan));
        Assert.Equal(["size"], refused.AfterAll(plan, ["size"]).Uncleared(plan));
        Assert.Empty(refused.AfterAll(plan, []).Uncleared(plan));
    }

    private static EntityPlan Plan(params FieldMap[] lines) => Plan("", lines);

    private static EntityPlan Plan(string hashKey, params FieldMap[] lines)
    {
        var column = TestTable.Column("size", "text") with { Number = 7 };
        var catalogue = TestTable.Catalogue(TestTable.Table("thing", column));
        return PlanCompiler.Compile([TestTable.Map("thing", lines)], catalogue, [], hashKey: hashKey.Length == 0 ? null : hashKey).ThrowIfInvalid().Entities[0];
    }
}
