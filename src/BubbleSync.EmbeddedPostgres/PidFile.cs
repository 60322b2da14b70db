using System.Globalization;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>The data of a running server in <c>postmaster.pid</c>.</summary>
internal sealed record PidFile(int ProcessId, int Port)
{
    internal static string PathIn(string data) => Path.Combine(data, "postmaster.pid");

    /// <summary>Reads the file in a data folder; null if there is none or it is still being written.</summary>
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
