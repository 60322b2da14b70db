namespace BubbleSync.Tests.Reports;

/// <summary>LibreOffice, where it is installed: it opens a file and writes what its cells show as CSV.</summary>
internal static class LibreOffice
{
    /// <summary>Returns the words that convert a file into the folder <c>out</c>, all sheets of a workbook each into a file of its own.</summary>
    public static string[] Words(string folder, params string[] words) =>
    [
        $"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1",
        "--outdir", "out", .. words,
    ];

    /// <summary>A text with line feeds alone: those are all that LibreOffice keeps of line ends in a workbook.</summary>
    public static string Shown(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);
}
