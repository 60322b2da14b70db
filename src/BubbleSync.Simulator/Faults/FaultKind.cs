namespace BubbleSync.Simulator;

/// <summary>One thing that the simulator can do wrong.</summary>
/// <param name="Name">The word to name it by.</param>
/// <param name="Description">What it does, in one line.</param>
/// <param name="Argument">What it may be given.</param>
/// <param name="DefaultArgument">What it takes when it is given nothing; empty where it takes nothing.</param>
public sealed record FaultKind(string Name, string Description, FaultArgument Argument, string DefaultArgument);
