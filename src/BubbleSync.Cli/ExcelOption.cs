using System.CommandLine;

namespace BubbleSync.Cli;

/// <summary>The option <c>--excel</c> of every command that writes CSV.</summary>
internal static class ExcelOption
{
    /// <summary>Makes one.</summary>
    public static Option<bool> Create() =>
        new("--excel") { Description = "Write the CSV so that Excel and LibreOffice keep every text, such as leading zeros and phone numbers" };

    /// <summary>Requires the option for the file.</summary>
    public static void RequireFile(Command command, Option<bool> excel, Option<string?> csv) =>
        command.Validators.Add(given => given.Require(excel, "the CSV file", csv));
}
