using System.Globalization;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>What a running server says of itself in <c>postmaster.pid</c>.</summary>
internal sealed record PidFile(int ProcessId, int Port)
{
    internal static string PathIn(string data) => Path.Combine(data, "postmaster.pid");

    /// <summary>Gives what the file in a data folder says, or null where there is none or it is still being written.</summary>
    internal static PidFile? Read(string data)
    {
        try
        {
            var lines = File.ReadAllLines(PathIn(data));
            return lines.Length >= 4
                && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var process)
                && int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port)
                ? new(process, port)
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
