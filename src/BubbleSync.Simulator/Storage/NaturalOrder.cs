namespace BubbleSync.Simulator.Storage;

/// <summary>Whether an order is the one in which records lie anyway: by Created Date, then id.</summary>
internal enum NaturalOrder
{
    None,
    Forward,
    Backward,
}
