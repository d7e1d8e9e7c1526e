"""What a policy of rearranging experts would have cost on a recorded trace of loads.

A server that knows the load of each expert may move experts between GPUs, so that the fullest GPU has less to
do. The moves cost time themselves, and the loads they were chosen for have passed: whether rearranging pays
depends on the trace, the forecast, the interval and the links. A replay says so without a cluster: for every
step it computes the time of the step under the placement that each policy would have had by then, what the
policy would have moved and how long the GPUs would have waited for it, and how far that is from the least time
that any placement of that step's loads could have taken.

Sources of the setting: vllm-project/vllm, issue 50647 (a rearrangement that cost more than it gave), 47206 (skip
a layer when the gain is small); sgl-project/sglang, pull request 8345 (skip above a threshold).
"""
