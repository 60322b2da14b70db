using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>What runs leave as JSON is read again by later versions, which may know more properties than it has.</summary>
public class ReportJsonTests
{
    [Fact]
    public void Options_that_an_earlier_version_did_not_write_have_their_defaults()
    {
        var read = ReportJson.Read("""{ "force": true }""", new ResyncOptions());

        Assert.Equal(new ResyncOptions { Force = true, Entities = read.Entities }, read);
        Assert.Empty(read.Entities);
    }

    [Fact]
    public void Parts_of_a_result_that_an_earlier_version_did_not_write_are_empty()
    {
        var read = RunReport.Parse(
            """{ "runId": null, "kind": "resync", "status": "failed", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z" }""");

        Assert.Empty(read.Entities);
        Assert.Empty(read.Patches);
        Assert.Empty(read.Warnings);
        Assert.Empty(read.Errors);
        Assert.Equal(new ApiCounts(0, 0, 0, 0), read.Api);
    }

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        var options = new ResyncOptions
        {
            Entities = ["agent"],
            Prune = PruneMode.Soft,
            PruneLimitPercent = 2.5m,
            MaxRejects = new Limit(
            10, true),
            MaxCalls = 7
        };

        var read = ReportJson.Read(ReportJson.Write(options), new ResyncOptions());

        Assert.Equal(options.Entities, read.Entities);
        Assert.Equal(options, read with { Entities = options.Entities });
    }
}
