using System.IO.Compression;
using System.Text;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>The files of reports: whole or not at all, known to be writable before the work, and harmless in a spreadsheet.</summary>
public sealed class ReportFileTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("report.csv")]
    [InlineData("report.csv.gz")]
    public async Task A_report_that_fails_leaves_that_of_last_time_and_nothing_beside_it(string name)
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-report-").FullName;
        var file = Path.Combine(folder, name);
        await CsvFile.WriteAsync(file, new CsvHead("a"), Rows(2, fails: false), CsvTexts.Guarded, CancellationToken.None);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => CsvFile.WriteAsync(file, new CsvHead("a"), Rows(1, fails: true), CsvTexts.Guarded, CancellationToken.None));

        var (left, files) = (await File.ReadAllBytesAsync(file), Directory.GetFiles(folder));
        await using var unpacked = name.EndsWith(
            ".gz", StringComparison.Ordinal) ? new GZipStream(new MemoryStream(left), CompressionMode.Decompress) : (Stream)new MemoryStream(left);
        Assert.Equal("a\r\n0\r\n1\r\n", await new StreamReader(unpacked).ReadToEndAsync());
        Directory.Delete(folder, recursive: true);
        Assert.Equal([file], files);
    }

    [Fact]
    public async Task No_text_of_any_report_is_a_formula_and_numbers_stay()
    {
        using var output = new MemoryStream();

        IReadOnlyList<string>[] rows = [["=1+1", "-5", "@x"]];
        await CsvFile.WriteAsync(output, new CsvHead("a", "b", "c"), rows.ToAsyncEnumerable(), CsvTexts.Guarded, CancellationToken.None);

        Assert.Equal("a,b,c\r\n'=1+1,-5,'@x\r\n", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Theory]
    [InlineData("--csv", "audit", "fields")]
    [InlineData("--csv", "audit", "values")]
    [InlineData("--csv", "audit", "schema")]
    [InlineData("--ddl", "audit", "schema")]
    [InlineData("--csv", "audit", "links")]
    [InlineData("--xlsx", "report")]
    [InlineData("--csv", "verify")]
    [InlineData("--csv", "runs", "rejected", "last")]
    public async Task A_file_that_cannot_be_written_is_refused_before_the_work(string option, params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var folder = fixture.Folder([]);

        var outcome = await Bubblesync.RunAsync(fixture, [.. words, option, folder]);

        Assert.Equal(2, outcome.Code);
        Assert.StartsWith($"error: '{folder}' cannot be written: It is a folder. Name another one with {option}.", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    private static async IAsyncEnumerable<IReadOnlyList<string>> Rows(int count, bool fails)
    {
        for (var row = 0; row < count; row++)
            yield return [$"{row}"];
        await Task.Yield();
        if (fails)
            throw new InvalidOperationException("cut off");
    }
}
