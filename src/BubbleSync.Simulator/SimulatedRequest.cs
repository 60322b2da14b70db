namespace BubbleSync.Simulator;

/// <summary>A request with a good token, as the simulator understood it.</summary>
/// <param name="Number">1 for the first request, and so on.</param>
/// <param name="Kind">What it asks for.</param>
/// <param name="Type">The type in its address, in lower case without spaces; empty for <c>/meta</c>.</param>
/// <param name="Id">The record in its address, if there is one.</param>
/// <param name="Line">Method, path and decoded query.</param>
/// <param name="Cursor">The offset asked for; 0 when not given.</param>
/// <param name="Constraints">The constraints as they came: JSON text; empty when none were given.</param>
public sealed record SimulatedRequest(long Number, RequestKind Kind, string Type, string? Id, string Line, long Cursor, string Constraints);
