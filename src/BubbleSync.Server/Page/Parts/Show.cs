using BubbleSync.Etl.Reports;
using static System.FormattableString;

namespace BubbleSync.Server.Page.Parts;

/// <summary>Writes numbers, durations and states in words.</summary>
internal static class Show
{
    /// <summary>Returns a number such as <c>1,200</c>; a dash where it is not known.</summary>
    public static string Number(long? number) => number is { } known ? Invariant($"{known:N0}") : "–";

    /// <summary>Returns a number with its noun, such as <c>1 call</c> or <c>1,200 calls</c>.</summary>
    public static string Count(long number, string one, string? many = null) => Invariant($"{number:N0} {(number == 1 ? one : many ?? one + "s")}");

    /// <summary>Returns a duration such as <c>0.4 s</c>, <c>12 s</c>, <c>3 min 5 s</c> or <c>2 h 10 min</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 10 } => Invariant($"{Math.Max(0, time.TotalSeconds):0.0} s"),
        { TotalSeconds: < 90 } => Invariant($"{time.TotalSeconds:0} s"),
        { TotalMinutes: < 60 } => Invariant($"{(int)time.TotalMinutes} min {time.Seconds} s"),
        _ => Invariant($"{(int)time.TotalHours} h {time.Minutes} min"),
    };

    /// <summary>Returns a size such as <c>12 kB</c> or <c>3.4 MB</c>.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1000 => Count(bytes, "byte"),
        < 1_000_000 => Invariant($"{bytes / 1000.0:0} kB"),
        < 1_000_000_000 => Invariant($"{bytes / 1e6:0.0} MB"),
        _ => Invariant($"{bytes / 1e9:0.0} GB"),
    };

    /// <summary>Returns the first part of a run's id, which is enough to know it by.</summary>
    public static string Id(Guid run) => $"{run}"[..13];

    /// <summary>Returns what a run does.</summary>
    public static string Kind(RunKind kind) => kind switch
    {
        RunKind.Resync => "Resync",
        RunKind.Incremental => "Incremental sync",
        RunKind.SyncInvoice => "Invoice sync",
        RunKind.SyncRecord => "Record sync",
        RunKind.SyncRange => "Range sync",
        RunKind.Patch => "Patches",
        RunKind.Reprocess => "Reprocess",
        RunKind.Verify => "Verify",
        RunKind.AuditValues => "Audit of values",
        RunKind.AuditFields => "Audit of fields",
        _ => "Run",
    };

    /// <summary>Returns the state of an entity in words.</summary>
    public static string Light(StatusLight light) => light switch
    {
        StatusLight.Ok => "Up to date",
        StatusLight.Look => "Worth a look",
        _ => "Needs attention",
    };

    /// <summary>Returns how a run ended.</summary>
    public static string Status(RunStatus status, bool died) => died ? "Ended unexpectedly" : status switch
    {
        RunStatus.Running => "Running",
        RunStatus.Succeeded => "Succeeded",
        RunStatus.Partial => "Partial",
        RunStatus.Failed => "Failed",
        _ => "Cancelled",
    };

    /// <summary>Returns the tone of a state, which styles colours by.</summary>
    public static Tone ToneOf(RunStatus status, bool died) => status switch
    {
        _ when died => Tone.Bad,
        RunStatus.Succeeded => Tone.Good,
        RunStatus.Running => Tone.Busy,
        RunStatus.Partial or RunStatus.Cancelled => Tone.Fair,
        _ => Tone.Bad,
    };

    /// <summary>Returns the tone of a state.</summary>
    public static Tone ToneOf(StatusLight light) => light switch
    {
        StatusLight.Ok => Tone.Good,
        StatusLight.Look => Tone.Fair,
        _ => Tone.Bad,
    };
}

/// <summary>How good or bad a state is. A badge shows it by a sign and a colour, never by the colour alone.</summary>
public enum Tone
{
    /// <summary>All is well.</summary>
    Good,

    /// <summary>Worth a look.</summary>
    Fair,

    /// <summary>Something needs to be done.</summary>
    Bad,

    /// <summary>Under way.</summary>
    Busy,

    /// <summary>Neither good nor bad.</summary>
    Plain,
}
