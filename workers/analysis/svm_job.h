#pragma once

#include "workers/localization/image_pass.h"

namespace camsweep {

// A linear SVM on the pooled features of the frozen network, trained on the train split with the cost of a five-fold
// cross-validation, and its accuracy on the test split (spec protocol, 11.3): svm.top1, percent, and svm.cost.
//
// Where every image has a box, the same on crops (11.4): by the box of the largest component of the predicted class's
// map sum_k w_k f_k above 20 % of its maximum, on both splits (svm.top1_cam_crop; svm.crop_iou is the mean IoU of the
// test crops with the nearest true box, svm.empty_maps counts maps without a positive value, of both splits, whose
// images stay whole), and by the largest true box (svm.top1_gt_crop). Overlays of the maps of at most 12 test images.
//
// Throws as for_each_batch(); AnalysisFailure where the train split has fewer than two classes.
JobEnd analyse_svm(JobContext& context, AnalysisInput& input);

JobEnd run_svm(JobContext& context);

}  // namespace camsweep
