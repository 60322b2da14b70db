using Xunit;

namespace BubbleSync.Tests.Scripts;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class CiRunTests
{
    private const string Two = "Passed!  - Failed:     0, Passed:    13, Skipped:     0, Total:    13, Duration: 23 s - A.dll (net10.0)";
    private const string Bad = "Failed!  - Failed:     2, Passed:     5, Skipped:     1, Total:     8, Duration: 1 s - B.dll (net10.0)";

    [UnixTheory]
    [InlineData(Two, 0, 0, "13 passed, 0 failed")]
    [InlineData(Two + "\n" + Bad, 1, 1, "18 passed, 2 failed")]
    [InlineData(Two + "\n" + Bad, 0, 1, "18 passed, 2 failed")]
    [InlineData("error CS1002: ; expected", 1, 1, "0 passed, 0 failed")]
    [InlineData("No test is available", 0, 1, "0 passed, 0 failed")]
    [InlineData(Two + "\nTest Run Aborted.", 1, 1, "13 passed, 0 failed")]
    public async Task The_last_line_sums_the_runners_own_totals(string says, int ends, int code, string last)
    {
        using var folder = new ScriptFolder();
        folder.Write("run.sh", $"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {ends}\n");

        var (ended, output) = await folder.RunAsync(".ci/run", "/", []);

        Assert.Equal(code, ended);
        Assert.Equal($"{says}\n{last}\n", output);
    }

    [UnixFact]
    public async Task It_asks_for_all_tests()
    {
        using var folder = new ScriptFolder();

        var (_, output) = await folder.RunAsync(".ci/run", "/", [], ("CI", null));

        Assert.Contains("words test BubbleSync.Etl.sln -c Release -p:NuGetInteractive=false\n", output, StringComparison.Ordinal);
        // The build beside the tests has ended with them.
        Assert.Equal((1, 1), (folder.TimesPublished, folder.ProgramsKept));
    }

    [UnixTheory]
    [InlineData("A.VersionTests.A_version_that_is_given_stays", "")]
    [InlineData("A.PoolerTests.Every_command(mode: \"session\")", "WARNING: nothing was tested behind a pooler, because PgBouncer is not here")]
    [InlineData("A.PostgresVersionTests.Every_command(version: 18)", "WARNING: other versions of PostgreSQL were not tested, because npm is not here")]
    [InlineData("A.NativeProgramTests.The_demo_runs", "WARNING: the native program was not tested, because its build takes minutes")]
    public async Task Tests_that_were_skipped_are_named_behind_all_else(string name, string warning)
    {
        using var folder = new ScriptFolder();
        folder.Write("run.sh", $"#!/bin/sh\ncat <<'END'\n  Skipped {name} [1 ms]\n{Two}\nEND\n");

        var (ended, output) = await folder.RunAsync(".ci/run", "/", []);

        Assert.Equal(0, ended);
        Assert.Contains($"{Two}\nWARNING: tests that were skipped, 1:\n{name}\n{warning}", output, StringComparison.Ordinal);
        Assert.EndsWith("\n13 passed, 0 failed\n", output, StringComparison.Ordinal);
    }
}
