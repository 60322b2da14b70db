using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace BubbleSync.Tests.Reports;

/// <summary>Reads a workbook from the parts of its file, as the standard (ECMA-376) defines them.</summary>
internal static partial class WorkbookFile
{
    private static readonly XNamespace Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    private static readonly XNamespace Relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    /// <summary>Returns the sheets by name.</summary>
    public static IReadOnlyDictionary<string, Sheet> Read(Stream file)
    {
        using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        var targets = Part(zip, "xl/_rels/workbook.xml.rels").Elements()
            .ToDictionary(r => r.Attribute("Id")!.Value, r => "xl/" + r.Attribute("Target")!.Value.Replace("/xl/", "", StringComparison.Ordinal));
        return Part(zip, "xl/workbook.xml").Descendants(Main + "sheet")
            .ToDictionary(s => s.Attribute("name")!.Value, s => Sheet.Of(Part(zip, targets[s.Attribute(Relation + "id")!.Value])));
    }

    private static XElement Part(ZipArchive zip, string name)
    {
        using var stream = zip.GetEntry(name)!.Open();
        return XDocument.Load(stream, LoadOptions.PreserveWhitespace).Root!;
    }

    private static string Decoded(string text) =>
        Escape().Replace(text, match => ((char)int.Parse(match.Groups[1].Value, System.Globalization.NumberStyles.HexNumber, null)).ToString());

    [GeneratedRegex("_x([0-9A-Fa-f]{4})_")]
    private static partial Regex Escape();

    /// <summary>One sheet: its cells, their types (<c>n</c> is a number), whether its first row stays in view, and the range that filters.</summary>
    internal sealed record Sheet(IReadOnlyList<string[]> Rows, IReadOnlyList<string[]> Types, bool IsHeadFrozen, string? Filter)
    {
        public static Sheet Of(XElement sheet)
        {
            var rows = sheet.Descendants(Main + "row").Select(r => r.Elements(Main + "c").ToList()).ToList();
            return new Sheet(
                [.. rows.Select(r => r.Select(c => Decoded(string.Concat(c.Descendants().Where(d => d.Name == Main + "t" || d.Name == Main + "v")
                    .Select(d => d.Value)))).ToArray())],
                [.. rows.Select(r => r.Select(c => c.Attribute("t")?.Value ?? "n").ToArray())],
                sheet.Descendants(Main + "pane").Any(p => p.Attribute("ySplit")?.Value == "1" && p.Attribute("state")?.Value == "frozen"),
                sheet.Element(Main + "autoFilter")?.Attribute("ref")?.Value);
        }

        /// <summary>The rows below the head, each as its cells joined by <c>|</c>.</summary>
        public IEnumerable<string> Body => Rows.Skip(1).Select(r => string.Join('|', r));
    }
}
