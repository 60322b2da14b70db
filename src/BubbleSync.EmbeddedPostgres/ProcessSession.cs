namespace BubbleSync.EmbeddedPostgres;

/// <summary>The words that give a program a session of its own, so that a Ctrl-C in our terminal does not reach it.</summary>
internal static class ProcessSession
{
    internal static string[] Own() =>
        File.Exists("/usr/bin/setsid") ? ["/usr/bin/setsid"]
        : File.Exists("/usr/bin/perl") ? ["/usr/bin/perl", "-e", "use POSIX; POSIX::setsid(); exec @ARGV"]
        : [];
}
