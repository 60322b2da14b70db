using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Extract;

/// <summary>Why an extraction is not verified as complete.</summary>
/// <param name="Code">What kind of issue it is; it decides what to do next.</param>
/// <param name="Message">The same in words.</param>
internal sealed record CompletenessIssue(ErrorCode Code, string Message);
