using System.Globalization;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>Processor time of a process, as <c>/proc/PID/stat</c> has it (proc(5)): its own, and that of the children it has outlived.</summary>
internal sealed record ProcessTimes(int Parent, double Own, double Reaped)
{
    // USER_HZ, which is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Reads the one line of the file. The name, in brackets, may hold anything.</summary>
    public static ProcessTimes Parse(string stat)
    {
        var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new(
            int.Parse(words[1], CultureInfo.InvariantCulture),
            (Ticks(words[11]) + Ticks(words[12])) / TicksPerSecond,
            (Ticks(words[13]) + Ticks(words[14])) / TicksPerSecond);
    }

    /// <summary>The times of a process; null where it is gone or the system has no such file.</summary>
    public static ProcessTimes? Of(int process)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{process}/stat"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>All that a process and its children have taken, the living ones and those it has outlived.</summary>
    public static double? OfFamily(int process)
    {
        // A child that is gone between two looks would be counted neither as living nor as outlived: then once more.
        while (Of(process) is { } head)
        {
            var living = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _))
                .Select(name => Of(int.Parse(name!, CultureInfo.InvariantCulture)))
                    .OfType<ProcessTimes>().Where(t => t.Parent == process).Sum(t => t.Own + t.Reaped);
            if (Of(process)?.Reaped.Equals(head.Reaped) == true)
                return head.Own + head.Reaped + living;
        }

        return null;
    }

    /// <summary>What the children that this process has outlived have taken.</summary>
    public static double? OfEndedChildren() => Of(Environment.ProcessId)?.Reaped;

    /// <summary>The most memory that a process has had resident so far, in bytes; null where that cannot be told.</summary>
    public static long? PeakMemory(int process)
    {
        try
        {
            return ParsePeak(File.ReadAllText($"/proc/{process}/status"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Finds <c>VmHWM</c> in <c>/proc/PID/status</c>; null in that of a process that is ending.</summary>
    public static long? ParsePeak(string status)
    {
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null
            ? null
            : long.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }

    private static long Ticks(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}
