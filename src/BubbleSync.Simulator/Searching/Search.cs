using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Searching;

/// <summary>What a list request asks for: conditions, all of which must hold, and an order. Equal texts mean equal searches.</summary>
internal sealed record Search(string Text, IReadOnlyList<Condition> Conditions, IReadOnlyList<SortKey> Order)
{
    public bool IsOrderedById => Order.Any(key => key.Field.Name == "_id");

    /// <summary>Whether records lie in this order anyway; that by id alone they do only while nothing was put, for ids need not tell the time.</summary>
    public NaturalOrder NaturalOrder(bool isUntouched)
    {
        if (Order.Count == 0)
            return Storage.NaturalOrder.Forward;

        var names = string.Join(',', Order.Select(key => key.Field.Name));
        var isNatural = names is "Created Date" or "Created Date,_id" || (names == "_id" && isUntouched);
        if (!isNatural || Order.Any(key => key.Descending != Order[0].Descending))
            return Storage.NaturalOrder.None;

        return Order[0].Descending ? Storage.NaturalOrder.Backward : Storage.NaturalOrder.Forward;
    }
}
