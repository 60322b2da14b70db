namespace BubbleSync.Simulator.Generation;

/// <summary>The types that are generated.</summary>
internal enum Kind
{
    Agent,
    Customer,
    User,
    Invoice,
    Payment,
    Submission,
    Item,
    Registration,
}
