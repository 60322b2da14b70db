using BubbleSync.Cli;
using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>A file of variables is read as Docker and systemd read it, and a line that is wrong is named and never shown.</summary>
public sealed class EnvironmentFileTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public void Names_and_values_are_those_that_other_programs_read()
    {
        const string Text = """
            # a comment
            ; another one

            BUBBLESYNC_A=plain # and no comment
            export BUBBLESYNC_B = 'single $x \"'
            BUBBLESYNC_C="double \"q\" \\ \$x \n"
            BUBBLESYNC_D=
            OTHER=a=b
            """;

        Assert.Equal(
            [
                ("BUBBLESYNC_A", "plain # and no comment", 4), ("BUBBLESYNC_B", "single $x \\\"", 5), ("BUBBLESYNC_C", "double \"q\" \\ $x \\n", 6),
                ("BUBBLESYNC_D", "", 7), ("OTHER", "a=b", 8),
            ],
            EnvironmentFile.Parse(Text.ReplaceLineEndings("\r\n"), "my.env"));
    }

    [Fact]
    public void Every_wrong_line_is_named_by_its_number_and_none_is_shown()
    {
        var refused = Assert.Throws<SyncException>(() => EnvironmentFile.Parse("hush\nA=1\n9A=hush\nB=\"hush\nC=\"hush\\\"", "my.env"));

        Assert.True(refused.IsUsage);
        Assert.Equal(
            ["--env-file: line 1 of", "--env-file: line 3 of", "--env-file: line 4 of", "--env-file: line 5 of"],
            refused.Errors.Select(e => e.Message[..21]));
        Assert.DoesNotContain(refused.Errors, e => e.Message.Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_variables_are_settings_and_the_environment_wins()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var file = Path.Combine(
            fixture.Folder([("my.env", "BUBBLESYNC_Bubble__BaseUrl=http://127.0.0.1:9/api/1.1\nBUBBLESYNC_Bubble__PageSize=many\n")]), "my.env");

        var wrong = await Bubblesync.RunAsync(fixture, "doctor", "--env-file", file);
        var missing = await Bubblesync.RunAsync(fixture, "doctor", "--env-file", "no.env");
        var drift = await Bubblesync.RunAsync(fixture, [("Bubble__PageSize", "10")], "audit", "schema", "--fail-on", "drift", "--env-file", file);

        Assert.Equal((2, 2), (wrong.Code, missing.Code));
        Assert.Contains($"Bubble:PageSize (from line 2 of {file}): a whole number from 1 to 100 is expected.", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("--env-file: 'no.env' cannot be read: ", missing.Error, StringComparison.Ordinal);
        // The app that the environment names has fields that no map reads.
        Assert.Equal(1, drift.Code);
        Assert.Contains("field-unmapped", drift.Output, StringComparison.Ordinal);
    }
}
