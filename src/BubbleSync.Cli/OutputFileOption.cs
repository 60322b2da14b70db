using System.CommandLine;
using BubbleSync.Etl;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Cli;

/// <summary>An option that names a file to write. A check before the work, which may take hours, makes sure that it can be written.</summary>
internal sealed class OutputFileOption : Option<string?>
{
    /// <summary>Makes one.</summary>
    public OutputFileOption(string name, string description)
        : base(name) => (Description, HelpName) = (description, "FILE");

    /// <summary>Throws if the file that a command line names cannot be written.</summary>
    /// <exception cref="SyncException">It cannot: a usage error.</exception>
    public void Require(ParseResult parsed)
    {
        if (parsed.GetValue(this) is { } path)
            Require(Path.GetFullPath(path));
    }

    /// <summary>Throws if a file cannot be written.</summary>
    /// <exception cref="SyncException">It cannot: a usage error.</exception>
    public void Require(string path)
    {
        if (path.StartsWith("/dev/", StringComparison.Ordinal))
            return;

        try
        {
            if (Directory.Exists(path))
                throw new IOException("It is a folder.");
            // A missing folder is usually a typing error.
            if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
                throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
            // Creates a file beside it, as the report will; an old report stays as it is.
            File.Create(Invariant($"{path}.{Environment.ProcessId}"), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SyncException(new SyncError(SyncStage.Settings, null, null, Name, ErrorCode.Settings, $"'{path}' cannot be written: {refused.Message} "
                + $"Name another one with {Name}."), refused);
        }
    }
}
