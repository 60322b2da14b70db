using System.Text.RegularExpressions;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Server.Api;

/// <summary>Hides what a rejected record holds. API and page show it only on request.</summary>
internal static partial class RejectedValues
{
    /// <summary>Returns the field without the record, and the reason without the value.</summary>
    public static RejectedField Hide(RejectedField field) => field with { Raw = "", Reason = Quoted().Replace(field.Reason, "\"…\"") };

    // A reason may quote the value: "abc" is not a number.
    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"
        """)]
    private static partial Regex Quoted();
}
